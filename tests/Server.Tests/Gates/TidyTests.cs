namespace Saltern.Server.Tests.Gates;

/// <summary>The style guide's sizes and names hold in every file of ours; and each check can fail.</summary>
public sealed class TidyTests
{
    [Fact]
    public void No_line_is_longer_than_120_columns() => Findings.AssertNone(
        SourceTree.CSharp.Concat(SourceTree.Razor).SelectMany(Tidiness.LongLines));

    [Fact]
    public void No_file_is_longer_than_500_lines() => Findings.AssertNone(
        SourceTree.CSharp.Concat(SourceTree.Razor).SelectMany(Tidiness.LongFiles));

    [Fact]
    public void No_function_is_longer_than_70_lines() => AssertNone(Tidiness.LongFunctions);

    [Fact]
    public void No_function_nests_deeper_than_3() => AssertNone(Tidiness.DeepFunctions);

    [Fact]
    public void No_type_has_a_name_that_says_nothing() => AssertNone(Tidiness.BannedNames);

    [Fact]
    public void A_file_has_one_public_type() => AssertNone(Tidiness.SeveralPublicTypes);

    [Fact]
    public void Nothing_is_put_off_in_the_code() =>
        AssertNone(Tidiness.UnfinishedWork, file => !file.Path.Contains("/Gates/", StringComparison.Ordinal));

    [Fact]
    public void No_folder_is_a_drawer_for_everything() =>
        Findings.AssertNone(SourceTree.Files().Where(Tidiness.IsBannedFolder));

    [Fact]
    public void No_file_names_a_path_of_the_machine_it_was_written_on() => Findings.AssertNone(SourceTree
        .Files(".cs", ".razor", ".sql", ".md", ".sh", ".py", ".sls", ".conf", ".csproj", ".props", ".targets", ".json")
        .Where(path => !path.Contains("/Gates/", StringComparison.Ordinal))
        .SelectMany(path => Tidiness.PrivatePaths(path, SourceTree.Read(path))));

    [Fact]
    public void The_usual_file_is_short_and_the_usual_function_very_short()
    {
        var files = SourceTree.CSharp.Select(file => file.Lines.Length);
        var functions = SourceTree.CSharp.SelectMany(Tidiness.Functions).Select(function => function.Lines);
        Assert.InRange(Median(files), 1, 99);
        Assert.InRange(Median(functions), 1, 9);
    }

    [Fact]
    public void Each_check_can_fail()
    {
        var deep = "while (true) { if (a) { foreach (var b in c) { try { } finally { } } } }";
        var longBody = string.Join('\n', Enumerable.Repeat("f();", 70));
        AssertSome(Tidiness.LongLines, new string('x', 121));
        AssertSome(Tidiness.LongFiles, string.Concat(Enumerable.Repeat("//\n", 501)));
        AssertSome(Tidiness.LongFunctions, $"class A {{ void M()\n{{\n{longBody}\n}} }}");
        AssertSome(Tidiness.DeepFunctions, $"class A {{ void M() {{ {deep} }} }}");
        AssertSome(Tidiness.BannedNames, "class MinionManager { }");
        AssertSome(Tidiness.BannedNames, "record MinionInfo;");
        AssertSome(Tidiness.SeveralPublicTypes, "public class A { } public class B { }");
        AssertSome(Tidiness.UnfinishedWork, "// " + "TODO: later");
        Assert.NotEmpty(Tidiness.PrivatePaths("docs/a.md", "see /home/me/notes"));
        Assert.True(Tidiness.IsBannedFolder("src/Server/Common/Thing.cs"));
        Assert.Equal(4, Median([1, 3, 5, 100]));
    }

    [Fact]
    public void What_is_allowed_passes()
    {
        var flat = "if (a) { } else if (b) { } else if (c) { } else if (d) { } else { }";
        Assert.Empty(Tidiness.DeepFunctions(File($"class A {{ void M() {{ {flat} }} }}")));
        Assert.Empty(Tidiness.BannedNames(File("class DatabaseOptions { } class MaintenanceInformation { }")));
        Assert.Empty(Tidiness.LongLines(File(new string('x', 120))));
    }

    private static void AssertNone(
        Func<SourceFile, IEnumerable<string>> check, Func<SourceFile, bool>? where = null) =>
        Findings.AssertNone(SourceTree.CSharp.Where(where ?? (_ => true)).SelectMany(check));

    private static void AssertSome(Func<SourceFile, IEnumerable<string>> check, string text) =>
        Assert.NotEmpty(check(File(text)));

    private static SourceFile File(string text) => new("src/Server/Example.cs", text);

    private static double Median(IEnumerable<int> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2.0;
    }
}
