namespace Saltern.Simulator.Software;

/// <summary>One time that the channels of a minion were set, whether or not that changed anything.</summary>
/// <param name="At">When.</param>
/// <param name="Jid">The job that did it.</param>
/// <param name="RunId">The run that it was for; empty where it was for its own sake.</param>
/// <param name="Channels">Labels of the channels.</param>
public sealed record ChannelSettingView(
    DateTimeOffset At, string Jid, string RunId, IReadOnlyList<string> Channels);
