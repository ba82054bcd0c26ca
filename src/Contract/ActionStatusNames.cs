namespace Saltern.Contract;

/// <summary>The words for where an action as a whole stands.</summary>
public static class ActionStatusNames
{
    public const string Scheduled = "Scheduled";
    public const string Running = "Running";
    public const string Halted = "Halted";
    public const string Completed = "Completed";
    public const string Failed = "Failed";
    public const string Cancelled = "Cancelled";

    public static IReadOnlyList<string> All { get; } = [Scheduled, Running, Halted, Completed, Failed, Cancelled];

    /// <summary>The ones after which nothing more happens by itself.</summary>
    public static IReadOnlyList<string> Final { get; } = [Completed, Failed, Cancelled];
}
