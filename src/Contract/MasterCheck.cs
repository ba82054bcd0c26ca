namespace Saltern.Contract;

/// <summary>What a check of a master found.</summary>
public sealed record MasterCheck(string Name, bool Good, IReadOnlyList<MasterCheckLine> Lines);
