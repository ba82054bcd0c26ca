namespace Saltern.Simulator.Software;

/// <summary>One run of <c>zypper dup</c>: the truth about it, whatever the outside was told.</summary>
/// <param name="MinionId">The minion.</param>
/// <param name="RunId">Given by whoever ordered it.</param>
/// <param name="DryRun">Nothing was to change.</param>
/// <param name="Jid">The job that began it last.</param>
/// <param name="StartedAt">When it was begun last.</param>
/// <param name="EndedAt">When it was over, or broke off; null while it goes on.</param>
/// <param name="TimesBegun">More than once only for a run that died before it had changed anything.</param>
/// <param name="TimesAsked">How many calls asked for it, those that began it included.</param>
/// <param name="Outcome">Null while it goes on, and where it left no result.</param>
/// <param name="Reason">Of a failure.</param>
/// <param name="Changed">Whether a package changed.</param>
/// <param name="Channels">Labels of the channels that it was given.</param>
public sealed record DupRunView(
    string MinionId,
    string RunId,
    bool DryRun,
    string Jid,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    int TimesBegun,
    int TimesAsked,
    string? Outcome,
    string? Reason,
    bool Changed,
    IReadOnlyList<string> Channels);
