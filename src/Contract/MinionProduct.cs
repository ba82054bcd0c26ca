namespace Saltern.Contract;

/// <summary>A product that a minion told of.</summary>
public sealed record MinionProduct(string Name, string Version, string? Release, string? Arch, bool IsBase);
