namespace Saltern.Contract;

/// <summary>The channels that all minions of a selection are to have on record.</summary>
public sealed record FleetAssignmentRequest
{
    /// <summary>For which minions.</summary>
    public TargetRequest? Target { get; init; }

    /// <summary>The label of the base channel; without it the records are taken away.</summary>
    public string? Base { get; init; }

    /// <summary>Labels of child channels.</summary>
    public IReadOnlyList<string>? Children { get; init; }
}
