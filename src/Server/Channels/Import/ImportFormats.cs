namespace Saltern.Server.Channels.Import;

/// <summary>The words for the formats; they are a check in the schema.</summary>
internal static class ImportFormats
{
    public static IReadOnlyList<string> Names { get; } = ["scc", "product-tree", "upgrade-paths", "yaml"];

    public static string Word(ImportFormat format) => Names[(int)format];

    public static ImportFormat? Read(string word)
    {
        var index = Names.ToList().IndexOf(word);
        return index < 0 ? null : (ImportFormat)index;
    }
}
