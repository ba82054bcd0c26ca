using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Functions;

/// <summary>What a function gave: its value as JSON text, the return code and the outputter.</summary>
internal readonly record struct FunctionResult(string Value, int Retcode = 0, string? Out = null)
{
    public static FunctionResult True { get; } = new("true");

    public static FunctionResult EmptyText { get; } = new("\"\"");

    public Aftermath Aftermath { get; init; }

    public static FunctionResult Of(JsonNode? value, int retcode = 0, string? @out = null) =>
        new(Json.Text(value), retcode, @out);

    /// <summary>A function that raised: text, return code 1.</summary>
    public static FunctionResult Error(string message) => new(Json.Quote(message), 1, "nested");
}
