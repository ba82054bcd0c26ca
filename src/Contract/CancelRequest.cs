namespace Saltern.Contract;

/// <summary>Cancel what is still queued of an action.</summary>
public sealed record CancelRequest
{
    /// <summary>Only these minions; the whole action when left out.</summary>
    public IReadOnlyList<string>? Minions { get; init; }
}
