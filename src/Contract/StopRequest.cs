namespace Saltern.Contract;

/// <summary>Stop what runs of an action.</summary>
public sealed record StopRequest
{
    /// <summary>Only these minions; all that are picked up when left out.</summary>
    public IReadOnlyList<string>? Minions { get; init; }
}
