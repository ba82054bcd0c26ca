using Saltern.Simulator.Ledger;

namespace Saltern.Chaos;

/// <summary>Compares how targets stand with what the minions know they did. Pure.</summary>
internal static class Judge
{
    private static readonly string[] Final = ["Completed", "Failed", "Cancelled", "Skipped"];

    /// <summary>A cancel is dated before it is committed.</summary>
    private static readonly TimeSpan CommittedLater = TimeSpan.FromSeconds(1);

    /// <param name="targets">All targets.</param>
    /// <param name="runs">The ledgers: what each minion did, by master, minion and jid.</param>
    /// <param name="jobs">The jids of submissions that were no asks.</param>
    public static Verdict Of(
        IReadOnlyList<TargetEnd> targets,
        IReadOnlyDictionary<(string Master, string Minion, string Jid), LedgerEntry> runs,
        IReadOnlySet<string> jobs)
    {
        var verdict = new Verdict();
        foreach (var target in targets)
        {
            var ran = target.Attempts
                .Where(attempt => !attempt.Busy)
                .Select(attempt => (
                    attempt.Number, Run: runs.GetValueOrDefault((target.Master, target.Minion, attempt.Jid))))
                .Where(one => one.Run is { TimesRun: > 0 })
                .Select(one => new AttemptRun(one.Number, one.Run!))
                .ToList();
            JudgeRuns(target, ran, verdict);
            JudgeStatus(target, ran, verdict);
        }

        var owned = targets.SelectMany(
            target => target.Attempts.Select(attempt => (target.Master, target.Minion, attempt.Jid))).ToHashSet();
        verdict.RunTwice.AddRange(runs
            .Where(run => run.Value.TimesRun > 0 && jobs.Contains(run.Key.Jid) && !owned.Contains(run.Key))
            .Select(run => $"{run.Key.Master}/{run.Key.Minion} ran {run.Key.Jid}, which is no attempt of a target"));
        return verdict;
    }

    private static void JudgeRuns(TargetEnd target, List<AttemptRun> ran, Verdict verdict)
    {
        verdict.RunTwice.AddRange(ran
            .Where(one => one.Run.TimesRun > (target.SafeToRepeat ? 2 : 1))
            .Select(one => $"{target}; attempt {one.Number} ran {one.Run.TimesRun} times: {one.Run}"));
        if (!target.SafeToRepeat && ran.Count > 1 + target.Reschedules)
        {
            verdict.RunTwice.Add($"{target}; {ran.Count} attempts ran, and {target.Reschedules} times it was "
                + $"rescheduled: {Runs(ran)}");
        }

        if (target.SafeToRepeat && ran.Any(one => one.Run.TimesRun == 2))
        {
            verdict.ResentAfterRestart.Add($"{target}: {Runs(ran)}");
        }

        if (target.SafeToRepeat && ran.Count(one => one.Ended) > 1 + target.Reschedules)
        {
            verdict.Repeated.Add($"{target}: {Runs(ran)}");
        }
    }

    private static void JudgeStatus(TargetEnd target, List<AttemptRun> ran, Verdict verdict)
    {
        if (!Final.Contains(target.Status))
        {
            verdict.Lost.Add($"{target}: {Runs(ran)}");
            return;
        }

        if (target is { Status: "Failed", Guessed: true })
        {
            JudgeGuess(target, ran, verdict);
            return;
        }

        if (WrongWith(target, ran) is { } wrong)
        {
            verdict.WrongStatus.Add($"{target}; {wrong}: {Runs(ran)}");
        }
    }

    private static void JudgeGuess(TargetEnd target, List<AttemptRun> ran, Verdict verdict)
    {
        verdict.Guessed++;
        var latest = target.Attempts.Max(attempt => attempt.Number);
        if (ran.Any(one => one.Number == latest && one.Ended && one.Run.ReturnsStored > 0))
        {
            verdict.WrongStatus.Add($"{target}; its return is in the job cache: {Runs(ran)}");
        }
        else if (ran.Any(one => one.Ended))
        {
            verdict.GuessedAndRan.Add($"{target}: {Runs(ran)}");
        }
    }

    /// <summary>
    /// The latest attempt has the word; where it brought no answer, the latest before it that did, or what the minion
    /// has on record of a run whose job was broken off.
    /// </summary>
    private static string? WrongWith(TargetEnd target, List<AttemptRun> ran)
    {
        var last = ran.LastOrDefault(one => one.Ended);
        if (last is null && target is { IsOnRecord: true, Status: "Completed" or "Failed" } && ran.Count > 0)
        {
            return null;
        }

        return target.Status switch
        {
            "Completed" when last is null => "it counts as run, and was not",
            "Completed" when last.Run.Retcode != 0 => "the last run failed",
            "Failed" when last is null => "no run has failed",
            "Failed" when last.Run.Retcode == 0 => "the last run did not fail",
            "Cancelled" or "Skipped" when !target.RanAnyway
                && ran.Any(one => one.Run.StartedAt > target.SettledAt + CommittedLater) => "it ran afterwards",
            _ => null,
        };
    }

    private static string Runs(List<AttemptRun> ran) =>
        ran.Count == 0 ? "no run" : string.Join("; ", ran.Select(one => $"attempt {one.Number}: {one.Run}"));

    private sealed record AttemptRun(int Number, LedgerEntry Run)
    {
        public bool Ended => Run.Outcome == LedgerOutcome.Ended;
    }
}
