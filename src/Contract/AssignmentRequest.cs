namespace Saltern.Contract;

/// <summary>The channels that a minion is to have on record; without a base channel the record is taken away.</summary>
public sealed record AssignmentRequest
{
    /// <summary>The label of the base channel.</summary>
    public string? Base { get; init; }

    /// <summary>Labels of child channels.</summary>
    public IReadOnlyList<string>? Children { get; init; }
}
