using FsCheck;
using FsCheck.Fluent;
using Saltern.Server.Fleet;

namespace Saltern.Server.Tests.Fleet;

public sealed class CompoundReaderTests
{
    private static readonly string[] Words =
        ["and", "or", "not", "(", ")", "web*", "G@os:SLES", "E@db[0-9", "N@g", "S@10.0.0.0/8", "X@y", "P@", "(a"];

    [Theory]
    [InlineData("web*", "web*")]
    [InlineData("a and b or c and d", "((a and b) or (c and d))")]
    [InlineData("a or b and c", "(a or (b and c))")]
    [InlineData("not a and b", "(not a and b)")]
    [InlineData("not ( a and b ) or c", "(not (a and b) or c)")]
    [InlineData("a not b or c", "((a and not b) or c)")]
    [InlineData("( a or b ) not c", "((a or b) and not c)")]
    [InlineData("a and not b and not c", "(a and not b and not c)")]
    [InlineData(" \t( ( a ) ) ", "a")]
    public void Not_binds_tightest_then_and_then_or(string text, string shape)
    {
        Assert.Equal(shape, Shape(Understood(text)));
    }

    [Fact]
    public void Every_matcher_is_read_with_its_pattern()
    {
        Assert.Equal(new CompoundExpression.Grain(new GrainPath(["os", "SLES"], ':')), Understood("G@os:SLES"));
        Assert.Equal(
            new CompoundExpression.Grain(new GrainPath(["a", "b", "c*"], ':')), Understood("G@a:b:c*"));
        Assert.Equal(
            new CompoundExpression.GrainRegex(new GrainPath(["os", "(S|R).*"], ':')), Understood("P@os:(S|R).*"));
        Assert.Equal(new CompoundExpression.Grain(new GrainPath(["ip", "fe80::1"], '|')), Understood("G|@ip|fe80::1"));
        Assert.Equal(new CompoundExpression.IdRegex("web(1|2)"), Understood("E@web(1|2)"));
        Assert.Equal(new CompoundExpression.Group("all@home"), Understood("N@all@home"));
        Assert.Equal(["a", "b.c"], Assert.IsType<CompoundExpression.Ids>(Understood("L@a,b.c,")).MinionIds);
        Assert.Equal("10.0.0.0/8", Network("S@10.0.0.0/8"));
        Assert.Equal("10.1.2.3/32", Network("S@10.1.2.3"));
        Assert.Equal("fd00::/16", Network("S@fd00::/16"));

        string Network(string text) => Assert.IsType<CompoundExpression.Network>(Understood(text)).Range.ToString();
    }

    [Theory]
    [InlineData("", 1, "expected a minion glob", "found the end")]
    [InlineData("and a", 1, "expected a minion glob", "found 'and'")]
    [InlineData("a and", 6, "expected a minion glob", "found the end")]
    [InlineData("a b", 3, "expected 'and', 'or', 'not'", "found 'b'")]
    [InlineData("a or ) b", 6, "expected a minion glob", "found ')'")]
    [InlineData("( a or b", 9, "expected 'and', 'or', 'not' or ')'", "found the end")]
    [InlineData("a )", 3, "the end of the expression", "found ')'")]
    [InlineData("a and not not b", 11, "expected a minion glob", "found 'not'")]
    [InlineData("a and (b or c)", 7, "a space on both sides", "found '(b'")]
    [InlineData("a and G@os", 9, "a grain's name, ':' and a pattern", "found 'os'")]
    [InlineData("G@", 3, "a pattern after 'G@'", "found nothing")]
    [InlineData("I@role:web", 1, "pillar", "other than I@")]
    [InlineData("R@%web", 1, "range", "other than R@")]
    [InlineData("X@web", 1, "one of the matchers", "found 'X@'")]
    [InlineData("S@10.1.2.3/8", 3, "without host bits", "found '10.1.2.3/8'")]
    [InlineData("S@10", 3, "an address or a network", "found '10'")]
    public void What_Salt_would_match_nothing_with_is_refused_with_the_place(
        string text, int position, string expected, string found)
    {
        var odd = Assert.IsType<CompoundReading.NotUnderstood>(CompoundReader.Read(text));

        Assert.Equal(position, odd.Position);
        Assert.StartsWith($"At position {position}: ", odd.Message, StringComparison.Ordinal);
        Assert.Contains(expected, odd.Message, StringComparison.Ordinal);
        Assert.Contains(found, odd.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_cannot_be_stored_or_is_too_long_or_too_deep_is_refused()
    {
        Assert.Equal(3, NotUnderstood("ab\0").Position);
        Assert.Equal(1, NotUnderstood("\ud800*").Position);
        Assert.Contains("at most", NotUnderstood(new string('a', 10_001)).Message, StringComparison.Ordinal);
        var deep = string.Concat(Enumerable.Repeat("( ", 2_000)) + "a" + string.Concat(Enumerable.Repeat(" )", 2_000));
        Assert.Contains("within one another", NotUnderstood(deep).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_never_throws_and_what_is_refused_names_a_place_in_the_text()
    {
        Prop.ForAll<string?>(text => Holds(text ?? "")).QuickCheckThrowOnFailure();
        var soup = Gen.Elements(Words).ListOf().Select(words => string.Join(' ', words));
        Prop.ForAll(soup.ToArbitrary(), text => Holds(text)).QuickCheckThrowOnFailure();

        static bool Holds(string text) => CompoundReader.Read(text) switch
        {
            CompoundReading.NotUnderstood odd => odd.Position >= 1 && odd.Position <= text.Length + 1,
            CompoundReading.Understood => text.Length > 0,
            _ => false,
        };
    }

    [Fact]
    public void What_was_read_reads_the_same_when_written_out_again()
    {
        var soup = Gen.Elements("and", "or", "not", "(", ")", "a", "b*", "and", "c").ListOf()
            .Select(words => string.Join(' ', words));
        Prop.ForAll(soup.ToArbitrary(), text =>
            CompoundReader.Read(text) is not CompoundReading.Understood read
            || Shape(Understood(Spaced(Shape(read.Expression)))) == Shape(read.Expression))
            .QuickCheckThrowOnFailure();

        static string Spaced(string shape) => shape.Replace("(", " ( ").Replace(")", " ) ");
    }

    private static CompoundExpression Understood(string text) =>
        Assert.IsType<CompoundReading.Understood>(CompoundReader.Read(text)).Expression;

    private static CompoundReading.NotUnderstood NotUnderstood(string text) =>
        Assert.IsType<CompoundReading.NotUnderstood>(CompoundReader.Read(text));

    private static string Shape(CompoundExpression expression) => expression switch
    {
        CompoundExpression.And and => $"({string.Join(" and ", and.Parts.Select(Shape))})",
        CompoundExpression.Or or => $"({string.Join(" or ", or.Parts.Select(Shape))})",
        CompoundExpression.Not not => $"not {Shape(not.Inner)}",
        CompoundExpression.Glob glob => glob.Pattern,
        _ => expression.ToString(),
    };
}
