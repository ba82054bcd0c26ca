using System.Text.Json;

namespace Saltern.Server.Channels.Import;

/// <summary>Reads a file of products, whole, before anything is changed.</summary>
internal static class ImportReader
{
    private const int LongestName = 100;

    /// <summary>Reads the file.</summary>
    /// <param name="name">
    /// Tells several files of one format apart, each of which replaces only what came from itself; a YAML file has its
    /// own name in it.
    /// </param>
    public static ImportReading Read(ImportFormat format, string text, string? name)
    {
        var errors = new ImportErrors();
        var source = name is null ? ImportFormats.Word(format) : $"{ImportFormats.Word(format)}:{name}";
        var import = format is ImportFormat.Yaml
            ? YamlText.TryRead(text, out var yaml, errors) ? YamlProducts.Read(yaml, errors) : null
            : ReadJson(format, text, source, errors);
        if (import?.Source.Length > LongestName)
        {
            errors.Add("source", $"The name has more than {LongestName} characters.");
        }

        return errors.Count > 0 || import is null ? errors.Refusal() : new ImportReading.Understood(import);
    }

    private static ProductImport? ReadJson(ImportFormat format, string text, string source, ImportErrors errors)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
        }
        catch (Exception odd) when (odd is JsonException or ArgumentException)
        {
            var place = odd is JsonException json
                ? $"line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}"
                : "document";
            errors.Add(place, "This is not JSON.");
            return null;
        }

        using (document)
        {
            return format switch
            {
                ImportFormat.Scc => SccProducts.Read(document.RootElement, source, errors),
                ImportFormat.ProductTree => ProductTree.Read(document.RootElement, source, errors),
                _ => UpgradePaths.Read(document.RootElement, source, errors),
            };
        }
    }
}
