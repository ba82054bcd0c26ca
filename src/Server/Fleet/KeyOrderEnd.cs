namespace Saltern.Server.Fleet;

/// <summary>What an order about one key came to.</summary>
/// <param name="MinionId">Null when there is no such minion.</param>
/// <param name="Problem">Null when the key is as it was ordered to be.</param>
internal sealed record KeyOrderEnd(MinionKey Minion, string? MinionId, string? Problem);
