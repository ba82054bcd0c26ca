namespace Saltern.Contract;

/// <summary>For which minions the targets of a Service Pack migration are asked.</summary>
public sealed record ServicePackQuestion
{
    public TargetRequest? Target { get; init; }

    /// <summary>Whether installed extensions without a successor may be removed.</summary>
    public bool RemoveExtensions { get; init; }

    /// <summary>How many groups an answer has, 1 to 1000; 100 when left out.</summary>
    public int? Limit { get; init; }

    /// <summary>'next' of the answer before.</summary>
    public string? After { get; init; }
}
