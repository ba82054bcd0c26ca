namespace Saltern.Server.Salt;

/// <summary>
/// One minion's key as a master has it. The fingerprint is absent if the key came or went between two questions.
/// </summary>
internal sealed record MinionKey(MinionId Minion, string? Fingerprint);
