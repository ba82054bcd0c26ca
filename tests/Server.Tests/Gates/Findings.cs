namespace Saltern.Server.Tests.Gates;

internal static class Findings
{
    /// <summary>
    /// Fails with every finding on a line of its own, where a collection assertion would cut them off.
    /// </summary>
    public static void AssertNone(IEnumerable<string> findings)
    {
        var found = findings.Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(found.Count == 0, $"{found.Count} findings:\n{string.Join('\n', found)}");
    }
}
