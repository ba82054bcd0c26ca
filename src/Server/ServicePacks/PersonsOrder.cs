namespace Saltern.Server.ServicePacks;

/// <summary>What a person decided about the channels of a run of which nothing is known.</summary>
/// <param name="Keep">The new channels stay; else those of before come back.</param>
/// <param name="By">Who.</param>
/// <param name="Release">That the minion has those of before is waited for no longer.</param>
internal sealed record PersonsOrder(bool Keep, string By, bool Release = false);
