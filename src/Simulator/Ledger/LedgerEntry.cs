namespace Saltern.Simulator.Ledger;

/// <summary>
/// What one minion really did with one job. A minion that never ran it has no entry or <see cref="TimesRun"/> 0.
/// </summary>
/// <param name="Jid">The job.</param>
/// <param name="MinionId">The minion.</param>
/// <param name="Function">The function that the last run called.</param>
/// <param name="ArgumentsHash">First 16 hex digits of the SHA-256 of the arguments as JSON (as in fun_args).</param>
/// <param name="StartedAt">When the first run began.</param>
/// <param name="TimesRun">How often the job ran on the minion: more than once only after a restart.</param>
/// <param name="TimesSkipped">How often the minion got the jid again and skipped it silently.</param>
/// <param name="ReturnsSent">Returns that left the minion.</param>
/// <param name="ReturnsStored">Returns that were committed in the job cache.</param>
/// <param name="Retcode">Return code of the last run that ended.</param>
/// <param name="Outcome">How the last run ended.</param>
public sealed record LedgerEntry(
    string Jid,
    string MinionId,
    string Function,
    string ArgumentsHash,
    DateTimeOffset StartedAt,
    int TimesRun,
    int TimesSkipped,
    int ReturnsSent,
    int ReturnsStored,
    int? Retcode,
    LedgerOutcome Outcome);
