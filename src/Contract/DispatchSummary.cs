namespace Saltern.Contract;

/// <summary>Whether work is handed to masters.</summary>
/// <param name="Paused">Nothing is handed to any master.</param>
/// <param name="PausedAt">Since when.</param>
/// <param name="PausedBy">By whom.</param>
/// <param name="Reason">Why.</param>
/// <param name="PausedMasters">Masters that are paused on their own.</param>
public sealed record DispatchSummary(
    bool Paused, DateTimeOffset? PausedAt, string? PausedBy, string? Reason, IReadOnlyList<string> PausedMasters);
