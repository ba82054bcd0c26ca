namespace Saltern.Contract;

/// <summary>The words for where one minion stands with one action.</summary>
public static class TargetStatusNames
{
    public const string Queued = "Queued";
    public const string PickedUp = "PickedUp";
    public const string Completed = "Completed";
    public const string Failed = "Failed";
    public const string Cancelled = "Cancelled";
    public const string Skipped = "Skipped";

    public static IReadOnlyList<string> All { get; } = [Queued, PickedUp, Completed, Failed, Cancelled, Skipped];

    /// <summary>The ones after which nothing more happens by itself.</summary>
    public static IReadOnlyList<string> Final { get; } = [Completed, Failed, Cancelled, Skipped];
}
