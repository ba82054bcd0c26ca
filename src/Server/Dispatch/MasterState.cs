namespace Saltern.Server.Dispatch;

/// <summary>A master's row, as far as handing out work depends on it.</summary>
internal sealed record MasterState(int Id, string Name, bool Paused, bool IsUp, DateTimeOffset? UnavailableUntil);
