namespace Saltern.Server.Tests.Gates;

/// <summary>
/// The table of slices of the style guide. A slice that is not here is refused: a new one is a decision, written down
/// in the guide and then here.
/// </summary>
internal static class SliceTable
{
    private const string Prefix = "Saltern.Server.";

    /// <summary>How options are bound and refused; every slice registers its own through it.</summary>
    private const string Settings = "Settings";

    /// <summary>Where instruments are made; every slice counts what it does.</summary>
    private const string Metrics = "Metrics";

    private static readonly string[] BelowActions =
        ["Channels", "Fleet", "Housekeeping", "Maintenance", "Salt", "Database"];

    private static readonly string[] ActionsAndBelow = ["Actions", .. BelowActions];

    private static readonly Dictionary<string, string[]> Uses = new()
    {
        ["Api"] = ["*"],
        ["Web"] = ["*"],
        ["ServicePacks"] = ActionsAndBelow,
        ["Dispatch"] = ActionsAndBelow,
        ["Results"] = ActionsAndBelow,
        ["Actions"] = BelowActions,
        ["Channels"] = ["Fleet", "Database"],
        ["Fleet"] = ["Database", "Salt"],
        ["Housekeeping"] = ["Database"],
        ["Access"] = ["Database"],
        ["Changes"] = ["Actions", "Database"],
        ["Health"] = ["Database", "Salt"],
        [Metrics] = [],
        ["Maintenance"] = [],
        ["Salt"] = [],
        ["Database"] = [],
        [Settings] = [],
    };

    public static bool IsKnown(string slice) => slice.Length == 0 || Uses.ContainsKey(slice);

    /// <summary>The slice of a namespace of the server; empty for its root, which puts the slices together.</summary>
    public static string? SliceOf(string? space)
    {
        if (space is "Saltern.Server")
        {
            return "";
        }

        return space is not null && space.StartsWith(Prefix, StringComparison.Ordinal)
            ? space[Prefix.Length..].Split('.')[0]
            : null;
    }

    public static bool MayUse(string from, string to)
    {
        if (from == to || from.Length == 0 || to is Settings or Metrics)
        {
            return true;
        }

        // What puts the slices together is above them all.
        return to.Length > 0
            && Uses.TryGetValue(from, out var allowed)
            && (allowed.Contains("*") || allowed.Contains(to));
    }
}
