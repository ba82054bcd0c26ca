namespace Saltern.Server.Fleet;

/// <summary>That dispatch is paused: since when, by whom, and why.</summary>
internal sealed record Pause(DateTimeOffset At, string By, string? Reason);
