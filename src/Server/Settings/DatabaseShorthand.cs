namespace Saltern.Server.Settings;

internal static class DatabaseShorthand
{
    /// <summary>
    /// A mere `Database` is its connection string: SALTERN__DATABASE, --database, "Database": "Host=…".
    /// </summary>
    public static Dictionary<string, string?> Expand(IEnumerable<KeyValuePair<string, string?>> values)
    {
        var expanded = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in values)
        {
            var mere = key.Equals("Database", StringComparison.OrdinalIgnoreCase);
            expanded[mere ? "Database:ConnectionString" : key] = value;
        }

        return expanded;
    }
}
