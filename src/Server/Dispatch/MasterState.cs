namespace Saltern.Server.Dispatch;

/// <summary>A master's row, as far as handing out work depends on it.</summary>
/// <param name="OnTrial">It answers again after a failure and has taken no job since: it gets one at a time.</param>
/// <param name="Timeout">The master's own time-out for a request (setting MasterTimeoutSeconds).</param>
internal sealed record MasterState(
    int Id, string Name, bool Paused, bool IsUp, DateTimeOffset? UnavailableUntil, bool OnTrial, TimeSpan Timeout);
