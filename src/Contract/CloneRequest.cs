namespace Saltern.Contract;

/// <summary>A channel that stands for an imported one.</summary>
public sealed record CloneRequest
{
    public string? Label { get; init; }

    /// <summary>The label of the imported channel.</summary>
    public string? Original { get; init; }

    /// <summary>A name that the clones which belong together share: prod, test.</summary>
    public string? Family { get; init; }

    /// <summary>Where the clone is.</summary>
    public string? Url { get; init; }
}
