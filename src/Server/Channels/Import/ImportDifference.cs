namespace Saltern.Server.Channels.Import;

/// <summary>What an import changes in one kind of row: how many, and the names of the first.</summary>
internal sealed record ImportDifference(
    int Added, int Changed, int Gone, IReadOnlyList<string> AddedNames, IReadOnlyList<string> ChangedNames,
    IReadOnlyList<string> GoneNames)
{
    private const int MostNames = 50;

    public static ImportDifference Of(IReadOnlyCollection<(string Change, string Name)> rows)
    {
        var names = rows.ToLookup(row => row.Change, row => row.Name);
        return new ImportDifference(
            names["added"].Count(), names["changed"].Count(), names["gone"].Count(), First(names["added"]),
            First(names["changed"]), First(names["gone"]));
    }

    private static List<string> First(IEnumerable<string> names) =>
        [.. names.Order(StringComparer.Ordinal).Take(MostNames)];
}
