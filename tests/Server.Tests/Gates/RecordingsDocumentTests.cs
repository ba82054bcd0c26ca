using System.Text.RegularExpressions;

namespace Saltern.Server.Tests.Gates;

/// <summary>docs/recordings.md names a test for each failure of the recordings: those tests must exist.</summary>
public sealed partial class RecordingsDocumentTests
{
    private static readonly string[] Required =
        ["06", "07", "08", "11", "12", "16", "17", "17b", "19", "19b", "21", "24"];

    private static readonly string[] Rows =
    [
        .. SourceTree.Read("docs/recordings.md").Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && Test().IsMatch(line)),
    ];

    [Fact]
    public void Each_test_that_the_document_names_exists() =>
        Findings.AssertNone(Rows.Where(row => !Exists(row)).Select(row => $"there is no such test: {row}"));

    [Fact]
    public void Each_recording_of_a_failure_has_a_test() => Findings.AssertNone(Required
        .Where(number => !Rows.Any(row => row.StartsWith($"| {number} ", StringComparison.Ordinal)))
        .Select(number => $"docs/recordings.md names no test for recording {number}"));

    [Fact]
    public void A_test_that_does_not_exist_is_found() =>
        Assert.False(Exists("| 06 | x | `WatchRunTests.Nobody_wrote_this` |"));

    private static bool Exists(string row)
    {
        var named = Test().Match(row);
        return SourceTree.CSharp.Any(file =>
            file.Path.EndsWith($"/{named.Groups["class"].Value}.cs", StringComparison.Ordinal)
            && file.Text.Contains($" {named.Groups["method"].Value}(", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"`(?<class>\w+)\.(?<method>\w+)`", RegexOptions.CultureInvariant)]
    private static partial Regex Test();
}
