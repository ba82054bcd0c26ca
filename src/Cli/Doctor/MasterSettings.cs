using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Saltern.Cli.Doctor;

/// <summary>
/// The settings of a Salt master as Salt reads them: a file, and where a folder is named its <c>master</c> with the
/// files of <c>master.d</c> in order, each replacing whole keys of those before.
/// </summary>
internal sealed class MasterSettings
{
    private readonly Dictionary<string, YamlNode> keys = new(StringComparer.Ordinal);

    /// <summary>The files that were read, in their order.</summary>
    public List<string> Files { get; } = [];

    public static MasterSettings Read(string path)
    {
        var settings = new MasterSettings();
        if (!Directory.Exists(path))
        {
            settings.Add(path);
            return settings;
        }

        var included = Path.Combine(path, "master.d");
        var main = Path.Combine(path, "master");
        string[] parts = Directory.Exists(included) ? Directory.GetFiles(included, "*.conf") : [];
        if (File.Exists(main))
        {
            settings.Add(main);
        }
        else if (parts.Length == 0)
        {
            throw new CliFailure(ExitCodes.Usage, $"There is no file 'master' and no master.d/*.conf in {path}.");
        }

        foreach (var file in parts.Order(StringComparer.Ordinal))
        {
            settings.Add(file);
        }

        return settings;
    }

    /// <summary>For tests: the text of one file.</summary>
    internal static MasterSettings Parse(string text)
    {
        var settings = new MasterSettings();
        settings.Add("text", new StringReader(text));
        return settings;
    }

    /// <summary>What a key says as a text; null where it is not there, empty or no scalar.</summary>
    public string? Text(string key) =>
        keys.TryGetValue(key, out var node) && node is YamlScalarNode { Value: { Length: > 0 } value }
        && !(value is "null" or "~" or "None") ? value : null;

    /// <summary>The texts of a list; one text is a list of one, as Salt takes it.</summary>
    public IReadOnlyList<string> List(string key) => keys.GetValueOrDefault(key) switch
    {
        YamlSequenceNode sequence => [.. sequence.OfType<YamlScalarNode>().Select(item => item.Value ?? "")],
        _ => Text(key) is { } one ? [.. one.Split(',', StringSplitOptions.TrimEntries)] : [],
    };

    public YamlMappingNode? Map(string key) => keys.GetValueOrDefault(key) as YamlMappingNode;

    /// <summary>A setting of a returner: <c>returner.NAME.KEY</c>, or KEY in a table <c>returner.NAME</c>.</summary>
    public string? Returner(string name, string key) => Text($"returner.{name}.{key}")
        ?? (Map($"returner.{name}")?.Children.TryGetValue(new YamlScalarNode(key), out var node) == true
            ? (node as YamlScalarNode)?.Value
            : null);

    private void Add(string file)
    {
        using var reader = File.OpenText(file);
        Add(file, reader);
    }

    private void Add(string file, TextReader reader)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(reader);
        }
        catch (YamlException error)
        {
            throw new CliFailure(ExitCodes.Usage, $"{file}, line {error.Start.Line}: {error.Message}");
        }

        Files.Add(file);
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is YamlScalarNode)
        {
            return;
        }

        if (stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            throw new CliFailure(ExitCodes.Usage, $"{file} holds no keys with values.");
        }

        foreach (var (key, value) in root.Children)
        {
            keys[(key as YamlScalarNode)?.Value ?? ""] = value;
        }
    }
}
