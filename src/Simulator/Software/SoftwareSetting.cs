namespace Saltern.Simulator.Software;

/// <summary>What a test sets of a minion's software; what is null stays as it is.</summary>
public sealed record SoftwareSetting
{
    /// <summary>All installed products.</summary>
    public IReadOnlyList<SimulatedProduct>? Products { get; init; }

    /// <summary>All repositories.</summary>
    public IReadOnlyList<SimulatedRepository>? Repositories { get; init; }

    /// <summary>What runs come to from now on.</summary>
    public DupSetting? Dup { get; init; }
}
