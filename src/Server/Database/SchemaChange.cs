using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Saltern.Server.Database;

/// <summary>One numbered file of Database/Schema, as it is embedded in this program.</summary>
internal sealed record SchemaChange(int Number, string Name, string Sql)
{
    private const string Folder = "Saltern.Server.Database.Schema.";

    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    public override string ToString() => $"{Number:0000}_{Name}";

    public static IReadOnlyList<SchemaChange> Embedded() => [.. typeof(SchemaChange).Assembly
        .GetManifestResourceNames()
        .Where(resource => resource.StartsWith(Folder, StringComparison.Ordinal))
        .Select(resource => Parse(resource[Folder.Length..^".sql".Length], Read(resource)))
        .OrderBy(change => change.Number)];

    public static SchemaChange Parse(string fileName, string sql) => new(
        int.Parse(fileName.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture),
        fileName[5..],
        sql.ReplaceLineEndings("\n"));

    private static string Read(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The program was built without {resource}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
