namespace Saltern.Server.Fleet;

/// <summary>The last minion of a page. Lists are in the order of ids; the key decides between domains.</summary>
internal sealed record MinionCursor(string MinionId, MinionKey Key);
