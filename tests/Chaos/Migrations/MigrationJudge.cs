using System.Globalization;
using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>
/// Compares the channels of minions with what their runs really came to. At rest a minion has the target channels if
/// and only if its real run succeeded or changed a package; after a dry run it has those of before; and what is on
/// record is what the minion has. Where the server kept the new channels since nobody could tell it whether a run had
/// changed a package, that is told apart, with what the minion knows. Pure.
/// </summary>
internal static class MigrationJudge
{
    public static void Judge(IEnumerable<MinionEnd> minions, Verdict verdict)
    {
        foreach (var minion in minions)
        {
            JudgeHold(minion, verdict);
            JudgeRecord(minion, verdict);
            JudgeReality(minion, verdict);
            JudgeRuns(minion, verdict);
            JudgeOverlaps(minion, verdict);
        }
    }

    private static void JudgeHold(MinionEnd minion, Verdict verdict)
    {
        if (minion.Hold is { } hold)
        {
            verdict.Lost.Add($"{Name(minion)} is still held: {hold}");
        }

        verdict.Overlapped.AddRange(minion.Entries.Where(entry => entry.Kind == "held").Select(
            entry => $"action {entry.Actor} was picked up for {Name(minion)}, although {entry.Subject}"));
    }

    /// <summary>What is on record follows from what was assigned at first, by persons, and by runs.</summary>
    private static void JudgeRecord(MinionEnd minion, Verdict verdict)
    {
        string? expected = null;
        var seen = new HashSet<long>();
        var changes = minion.Changes.ToDictionary(change => change.Id);
        foreach (var entry in minion.Entries)
        {
            if (entry.IsByPerson)
            {
                expected = ChangeEnd.Sorted(entry.Subject!.Split(' '));
            }
            else if (entry.Change is { } id && seen.Add(id) && changes.GetValueOrDefault(id) is { } change)
            {
                if (change.Before != expected)
                {
                    verdict.WrongChannels.Add($"{change}; assigned before was {expected}: {Runs(minion, change)}");
                }

                expected = Stays(minion, change, verdict) ? change.After : expected;
            }
        }

        if (minion.Assigned != expected)
        {
            verdict.WrongChannels.Add(
                $"{Name(minion)} has {minion.Assigned} on record, and should have {expected}: {Story(minion)}");
        }
    }

    /// <summary>Whether the new channels have to stay; where the server decided otherwise, it is wrong.</summary>
    private static bool Stays(MinionEnd minion, ChangeEnd change, Verdict verdict)
    {
        var runs = minion.RunsOf(change);
        verdict.Migrations.Count(change);
        if (change.State is not ("Kept" or "Reverted"))
        {
            verdict.Lost.Add($"{change}: {Runs(minion, change)}");
        }

        if (change.ByPerson)
        {
            return change.State == "Kept";
        }

        var arrived = runs.Any(Arrived);
        if (arrived == (change.State == "Kept") && (arrived || change.Attention is null))
        {
            return arrived;
        }

        if (change is { State: "Kept", Unproven: true, Attention: not null })
        {
            verdict.NobodyKnew.Add($"{change}; the minion knows: {Runs(minion, change)}");
            return true;
        }

        verdict.WrongChannels.Add(
            $"{change}; its run {(arrived ? "did" : "did not")} arrive: {Runs(minion, change)}");
        return arrived;
    }

    private static void JudgeReality(MinionEnd minion, Verdict verdict)
    {
        if (minion.Reality != minion.Assigned)
        {
            verdict.WrongChannels.Add(
                $"{Name(minion)} has {minion.Reality}, and on record is {minion.Assigned}: {Story(minion)}");
        }

        if (!minion.Software.Repositories.Any(repository => repository is { Alias: Ladder.Foreign, Enabled: true }))
        {
            verdict.WrongChannels.Add($"{Name(minion)} has lost a repository that is not ours: {Story(minion)}");
        }
    }

    /// <summary>Each run is that of a change, had its channels, and was done once.</summary>
    private static void JudgeRuns(MinionEnd minion, Verdict verdict)
    {
        verdict.Migrations.Count(minion.Software.Runs);
        var owned = minion.Entries.Where(entry => entry.Kind == "change").Select(entry => entry.Subject).ToHashSet();
        verdict.RunTwice.AddRange(minion.Software.Runs
            .Where(run => !owned.Contains(run.RunId)).Select(run => $"run of no change: {Show(run)}"));
        verdict.RunTwice.AddRange(minion.Software.Runs
            .Where(run => run is { DryRun: false, TimesBegun: > 1 }).Select(run => $"begun again: {Show(run)}"));
        foreach (var change in minion.Changes)
        {
            var last = minion.Entries.Last(entry => entry.Change == change.Id).Subject;
            verdict.WrongChannels.AddRange(minion.Software.Runs
                .Where(run => run.RunId == last && ChangeEnd.Sorted(run.Channels) != change.After)
                .Select(run => $"{change}; it ran with other channels: {Show(run)}"));
        }
    }

    /// <summary>
    /// Nothing begins, and no channels are set, in the middle of a real run, unless for that run, or where a person has
    /// ended the waiting for it. A dry run that was waited for in vain may be overtaken: it changes nothing.
    /// </summary>
    private static void JudgeOverlaps(MinionEnd minion, Verdict verdict)
    {
        var released = minion.Changes.Where(change => change.ByPerson).SelectMany(minion.RunsOf)
            .Select(run => run.RunId).ToHashSet();
        foreach (var real in minion.Software.Runs.Where(run => !run.DryRun && !released.Contains(run.RunId)))
        {
            bool IsWithin(string run, DateTimeOffset at) =>
                run != real.RunId && at > real.StartedAt && at < (real.EndedAt ?? DateTimeOffset.MaxValue);

            verdict.Overlapped.AddRange(minion.Software.Runs
                .Where(run => IsWithin(run.RunId, run.StartedAt))
                .Select(run => $"two runs at a time: {Show(real)}; {Show(run)}"));
            verdict.Overlapped.AddRange(minion.Software.ChannelsSet
                .Where(set => IsWithin(set.RunId, set.At))
                .Select(set => $"channels were set at {Show(set.At)} by {set.Jid} in the middle of {Show(real)}"));
        }
    }

    private static bool Arrived(DupRunView run) =>
        !run.DryRun && (run.Changed || run.Outcome is "succeeded" or "nothing_to_do");

    private static string Name(MinionEnd minion) => $"{minion.Master}/{minion.Minion}";

    private static string Story(MinionEnd minion) => string.Join("; ", minion.Changes.Select(
        change => $"{change}: {Runs(minion, change)}").Concat(minion.Entries.Where(entry => entry.Kind == "assigned")
        .Select(entry => $"{entry.Actor} assigned {entry.Subject}")));

    private static string Runs(MinionEnd minion, ChangeEnd change) =>
        minion.RunsOf(change) is { Count: > 0 } runs ? string.Join("; ", runs.Select(Show)) : "no run";

    private static string Show(DupRunView run) =>
        $"{run.RunId} on {run.MinionId} from {Show(run.StartedAt)} to {Show(run.EndedAt)}, begun {run.TimesBegun}, "
        + $"asked for {run.TimesAsked} times: {run.Outcome ?? "no result"} {run.Reason}"
        + (run.Changed ? ", packages changed" : "");

    private static string Show(DateTimeOffset? time) =>
        time?.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) ?? "no end";
}
