using System.Text.Json;
using System.Text.Json.Nodes;

namespace Saltern.Cli.Client;

/// <summary>
/// Reads the arguments of an order from the command line: <c>--arguments</c> with a JSON object (or <c>@file</c>), then
/// each <c>--arg name=value</c> (a text), <c>name=@file</c> (a file's text) or <c>name:=json</c> (a number, a list, …).
/// </summary>
internal static class OrderArguments
{
    public static JsonElement? Read(string? whole, IReadOnlyList<string> single)
    {
        if (whole is null && single.Count == 0)
        {
            return null;
        }

        var arguments = whole is null ? [] : Parse("--arguments", Text("--arguments", whole)) as JsonObject
            ?? throw new CliFailure(ExitCodes.Usage, "--arguments must be a JSON object.");
        foreach (var one in single)
        {
            var equals = one.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || one[..equals] == ":")
            {
                throw new CliFailure(
                    ExitCodes.Usage, $"'{one}' is not an argument: name=value, name=@file or name:=json.");
            }

            var isJson = one[equals - 1] == ':';
            var name = one[..(isJson ? equals - 1 : equals)];
            var value = Text(name, one[(equals + 1)..]);
            arguments[name] = isJson ? Parse(name, value) : JsonValue.Create(value);
        }

        return JsonSerializer.SerializeToElement(arguments);
    }

    private static JsonNode? Parse(string name, string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException error)
        {
            throw new CliFailure(ExitCodes.Usage, $"{name} is not JSON: {error.Message}");
        }
    }

    private static string Text(string name, string value)
    {
        if (!value.StartsWith('@'))
        {
            return value;
        }

        try
        {
            return File.ReadAllText(value[1..]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCodes.Usage, $"The file for {name} cannot be read: {error.Message}");
        }
    }
}
