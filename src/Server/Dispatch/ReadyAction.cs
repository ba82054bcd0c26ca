namespace Saltern.Server.Dispatch;

/// <summary>A due action with the minions that were found ready for it.</summary>
internal sealed record ReadyAction(DueAction Due, long[] Minions);
