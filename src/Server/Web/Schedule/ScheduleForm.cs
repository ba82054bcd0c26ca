using Microsoft.AspNetCore.Http;

namespace Saltern.Server.Web.Schedule;

/// <summary>What somebody has written into the form so far, and what was wrong with it.</summary>
public sealed record ScheduleForm
{
    /// <summary>Everything that was sent, by the names of the fields.</summary>
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>The path of an argument, and what is wrong there.</summary>
    public IReadOnlyList<(string Path, string Message)> Errors { get; init; } = [];

    /// <summary>Whether the form was sent; a box that was not ticked is not among the values then.</summary>
    public bool WasSent { get; init; }

    public string Kind => Text("kind");

    /// <summary>By which of the ways the minions are chosen.</summary>
    public string Way => Text("way") is { Length: > 0 } way ? way : "glob";

    public static ScheduleForm From(IFormCollection form) => new()
    {
        Values = form.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()),
        WasSent = true,
    };

    public string Text(string name) => Values.GetValueOrDefault(name, "");

    public bool IsTicked(FormField field) =>
        Values.ContainsKey(field.Path) || (!WasSent && field.Shape == FieldShape.TickedTick);

    public IEnumerable<string> ErrorsOf(string path) =>
        Errors.Where(error => IsAt(error.Path, path)).Select(error => error.Message);

    /// <summary>Errors for which the form has no field; none is to be lost.</summary>
    public IEnumerable<string> ErrorsBeside(IEnumerable<string> paths)
    {
        var placed = paths.ToList();
        return Errors.Where(error => !placed.Exists(path => IsAt(error.Path, path)))
            .Select(error => $"{error.Path}: {error.Message}");
    }

    private static bool IsAt(string path, string field) =>
        path == field || path.StartsWith(field + "[", StringComparison.Ordinal)
        || (field.EndsWith('.') && path.StartsWith(field, StringComparison.Ordinal));
}
