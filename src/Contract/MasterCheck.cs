namespace Saltern.Contract;

/// <summary>What a check of a master found.</summary>
/// <param name="Good">Nothing failed, and a job of ours went to a minion and its return came back.</param>
public sealed record MasterCheck(string Name, bool Good, IReadOnlyList<MasterCheckLine> Lines);
