using System.Net;

namespace Saltern.Server.Fleet;

/// <summary>
/// Reads Salt's compound matcher syntax. What Salt takes is taken, with the meaning it has on a minion; what Salt
/// silently matches nothing with (a missing operator, an open parenthesis, an unknown matcher) is refused with the
/// place. Pure, and never throws, whatever the text.
/// </summary>
internal sealed class CompoundReader
{
    public const int MostCharacters = 10_000;
    public const int DeepestNesting = 50;

    private const string Operand = "a minion glob, a matcher such as G@os:SLES, 'not' or '('";

    private readonly List<(string Text, int Position)> words;
    private readonly int end;
    private int next;
    private int depth;
    private CompoundReading.NotUnderstood? failure;

    private CompoundReader(string text)
    {
        words = Split(text);
        end = text.Length + 1;
    }

    private string? Word => next < words.Count ? words[next].Text : null;

    public static CompoundReading Read(string text)
    {
        if (text.Length > MostCharacters)
        {
            return new CompoundReading.NotUnderstood(
                MostCharacters + 1, $"The expression has {text.Length} characters; at most {MostCharacters} are read.");
        }

        if (StorableText.FirstOdd(text) is { } odd)
        {
            return new CompoundReading.NotUnderstood(odd + 1, $"At position {odd + 1} there is {StorableText.Odd}.");
        }

        var reader = new CompoundReader(text);
        var expression = reader.ReadOr();
        if (expression is null)
        {
            return reader.failure!;
        }

        return reader.Word is null
            ? new CompoundReading.Understood(expression)
            : reader.Expected("'and', 'or', 'not' or the end of the expression");
    }

    private static List<(string Text, int Position)> Split(string text)
    {
        var words = new List<(string, int)>();
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && !char.IsWhiteSpace(text[i]))
            {
                continue;
            }

            if (i > start)
            {
                words.Add((text[start..i], start + 1));
            }

            start = i + 1;
        }

        return words;
    }

    private CompoundExpression? ReadOr()
    {
        var parts = new List<CompoundExpression>();
        do
        {
            if (ReadAnd() is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
        while (Take("or"));
        return parts.Count == 1 ? parts[0] : new CompoundExpression.Or(parts);
    }

    private CompoundExpression? ReadAnd()
    {
        var parts = new List<CompoundExpression>();
        do
        {
            if (ReadNot() is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
        while (Take("and") || Word == "not"); // Salt reads `a not b` as `a and not b`.
        return parts.Count == 1 ? parts[0] : new CompoundExpression.And(parts);
    }

    private CompoundExpression? ReadNot()
    {
        if (!Take("not"))
        {
            return ReadOperand();
        }

        return ReadOperand() is { } inner ? new CompoundExpression.Not(inner) : null;
    }

    private CompoundExpression? ReadOperand()
    {
        if (Word is null or "and" or "or" or "not" or ")")
        {
            Expected(Operand);
            return null;
        }

        return Take("(") ? ReadInParentheses() : ReadMatcher(words[next++]);
    }

    private CompoundExpression? ReadInParentheses()
    {
        if (++depth > DeepestNesting)
        {
            next--;
            Expected($"at most {DeepestNesting} parentheses within one another");
            return null;
        }

        var inner = ReadOr();
        depth--;
        if (inner is null || Take(")"))
        {
            return inner;
        }

        Expected("'and', 'or', 'not' or ')'");
        return null;
    }

    private CompoundExpression? ReadMatcher((string Text, int Position) word)
    {
        var (text, position) = word;
        if (text.Length > 1 && char.IsAsciiLetterUpper(text[0]) && text[1] == '@')
        {
            return ReadEngine(text[0], ':', text[2..], position, position + 2);
        }

        if (text.Length > 2 && text[0] is ('G' or 'P' or 'I' or 'J') && text[2] == '@')
        {
            return ReadEngine(text[0], text[1], text[3..], position, position + 3);
        }

        if (text[0] == '(' || text[^1] == ')')
        {
            return Fail(position, $"a space on both sides of each parenthesis, found '{text}'");
        }

        return new CompoundExpression.Glob(text);
    }

    private CompoundExpression? ReadEngine(char engine, char delimiter, string pattern, int position, int at)
    {
        if (pattern.Length == 0)
        {
            return Fail(at, $"a pattern after '{engine}@', found nothing");
        }

        return engine switch
        {
            'G' when GrainPath.Parse(pattern, delimiter) is { } path => new CompoundExpression.Grain(path),
            'P' when GrainPath.Parse(pattern, delimiter) is { } path => new CompoundExpression.GrainRegex(path),
            'G' or 'P' => Fail(at, $"a grain's name, '{delimiter}' and a pattern, found '{pattern}'"),
            'E' => new CompoundExpression.IdRegex(pattern),
            'L' => new CompoundExpression.Ids([.. pattern.Split(',', StringSplitOptions.RemoveEmptyEntries)]),
            'N' => new CompoundExpression.Group(pattern),
            'S' => ReadNetwork(pattern, at),
            'I' or 'J' => Fail(position, "a matcher other than I@ and J@ (pillar is known to the master only)"),
            'R' => Fail(position, "a matcher other than R@ (there is no range server)"),
            _ => Fail(position, $"one of the matchers G@ P@ E@ L@ N@ S@, found '{engine}@'"),
        };
    }

    private CompoundExpression? ReadNetwork(string pattern, int at)
    {
        if (MinionAddress.Parse(pattern) is { } address)
        {
            return new CompoundExpression.Network(new IPNetwork(address, address.GetAddressBytes().Length * 8));
        }

        // As Python's ip_network: 10.1.2.3/8 is refused, since it is not clear which network was meant.
        return IPNetwork.TryParse(pattern, out var network) && IsBase(network, pattern)
            ? new CompoundExpression.Network(network)
            : Fail(at, $"an address or a network such as 10.0.0.0/8 without host bits, found '{pattern}'");
    }

    /// <summary>.NET takes 10.1.2.3/8 for 10.0.0.0/8.</summary>
    private static bool IsBase(IPNetwork network, string pattern) =>
        network.BaseAddress.Equals(MinionAddress.Parse(pattern.Split('/')[0]));

    private bool Take(string word)
    {
        if (Word != word)
        {
            return false;
        }

        next++;
        return true;
    }

    private CompoundReading.NotUnderstood Expected(string what)
    {
        var position = next < words.Count ? words[next].Position : end;
        Fail(position, Word is null ? $"{what}, found the end" : $"{what}, found '{Word}'");
        return failure!;
    }

    private CompoundExpression? Fail(int position, string expected)
    {
        failure ??= new CompoundReading.NotUnderstood(position, $"At position {position}: expected {expected}.");
        return null;
    }
}
