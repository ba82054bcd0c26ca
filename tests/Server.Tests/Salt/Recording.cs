using System.Text.Json.Nodes;

namespace Saltern.Server.Tests.Salt;

/// <summary>What was recorded from a real master: requests with their answers, and rows of the job cache.</summary>
internal static class Recording
{
    private static readonly string Folder = Path.Combine(Root(), "tests", "Recordings");

    public static IEnumerable<string> Names =>
        Directory.EnumerateFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)!).Order();

    public static IReadOnlyList<RecordedExchange> Exchanges(string name)
    {
        var steps = Steps(name);
        return [.. Enumerable.Range(0, steps.Count)
            .Where(index => steps[index]!["response"] is not null)
            .Select(index => new RecordedExchange(name, index, steps[index]!.AsObject()))];
    }

    public static IEnumerable<RecordedExchange> AllExchanges => Names.SelectMany(Exchanges);

    /// <summary>The first return that was recorded after the request with this note, as full_ret has it.</summary>
    public static string ReturnAfter(string name, string note) => RowsAfter(name, note)
        .Select(FullReturn).OfType<string>().First();

    /// <summary>The first row that was recorded after the request with this note.</summary>
    public static JsonObject RowAfter(string name, string note) => RowsAfter(name, note).First()!.AsObject();

    /// <summary>The rows that were recorded after the request with this note.</summary>
    public static IEnumerable<JsonObject> Rows(string name, string note) => Steps(name)
        .SkipWhile(step => step!["note"]?.GetValue<string>() != note)
        .SelectMany(Rows).OfType<JsonObject>();

    public static IEnumerable<string> AllReturns(string name) =>
        Steps(name).SelectMany(Rows).Select(FullReturn).OfType<string>();

    private static IEnumerable<JsonNode?> RowsAfter(string name, string note) => Steps(name)
        .SkipWhile(step => step!["note"]?.GetValue<string>() != note)
        .SelectMany(Rows);

    private static JsonArray Steps(string name) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, $"{name}.json")))!["steps"]!.AsArray();

    private static IEnumerable<JsonNode?> Rows(JsonNode? step) => step!["rows"] as JsonArray ?? [];

    // Some recordings keep the result apart from the rest of the return, to stay readable.
    private static string? FullReturn(JsonNode? row)
    {
        if (row!["full_ret"] is JsonObject whole)
        {
            return whole.ContainsKey("return") ? whole.ToJsonString() : null;
        }
        if ((row["full_ret_without_return"] ?? row["f"]) is not JsonObject rest)
        {
            return null;
        }
        var joined = rest.DeepClone().AsObject();
        joined["return"] = row["return"]?.DeepClone();
        return joined.ToJsonString();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Saltern.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }
        return folder.FullName;
    }
}
