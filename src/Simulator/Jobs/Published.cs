namespace Saltern.Simulator.Jobs;

/// <summary>A job that was published.</summary>
/// <param name="Jid">The caller's own or the master's.</param>
/// <param name="Minions">The targets with an accepted key, up or not.</param>
/// <param name="Missing">Names of a list target without one.</param>
internal sealed record Published(string Jid, IReadOnlyList<string> Minions, IReadOnlyList<string> Missing);
