using System.Text.Json.Nodes;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Functions;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Keys;
using Saltern.Simulator.Ledger;

namespace Saltern.Simulator.Minions;

/// <summary>
/// What a minion does: takes a job unless it has seen the jid, runs it, returns, restarts and forgets. Invariants: a
/// job is entered in the ledger when it begins, before anything of it is visible; what a former life of the process
/// began never ends; a killed job never returns.
/// </summary>
internal sealed class MinionProcess
{
    private readonly SimulatorOptions options;
    private readonly Agenda agenda;
    private readonly FaultBoard faults;
    private readonly ReturnPath returns;
    private readonly StartEvents starts;
    private readonly Dictionary<int, DateTimeOffset> bootTimes = [];
    private readonly DateTimeOffset firstBoot;
    private int pids = 1000;

    public MinionProcess(SimulatorParts parts, Fleet fleet, ReturnPath returns, StartEvents starts)
    {
        options = parts.Options;
        agenda = parts.Agenda;
        faults = parts.Faults;
        Clock = parts.Clock;
        Ledger = parts.Ledger;
        Fleet = fleet;
        Files = parts.Files;
        this.returns = returns;
        this.starts = starts;
        CachedJobs = new CachedJobs(options.CachedJobBytes);
        firstBoot = Clock.GetUtcNow();
    }

    public Fleet Fleet { get; }

    public TimeProvider Clock { get; }

    public RunLedger Ledger { get; }

    public CachedJobs CachedJobs { get; }

    public IReadOnlyDictionary<string, string> Files { get; }

    public TimeSpan ForkDelay => options.ForkDelay;

    public DateTimeOffset BootTimeOf(int minion) =>
        bootTimes.TryGetValue(minion, out DateTimeOffset boot) ? boot : firstBoot.AddDays(-1 - (minion % 90));

    /// <summary>A published job arrives at a minion.</summary>
    public void Receive(Publication publication, int minion)
    {
        RunningJob? job;
        lock (Fleet.Gate)
        {
            ref MinionState state = ref Fleet[minion];
            if (!state.Up || state.Key != KeyStatus.Accepted || publication.Jid.Contains('/', StringComparison.Ordinal))
            {
                return;
            }

            if (!state.Seen.Remember(publication.Job))
            {
                Ledger.Skipped(publication.Jid, minion);
                return;
            }

            job = Start(publication, minion, ref state);
        }

        string id = Fleet.IdOf(minion);
        if (faults.Strike(FaultNames.MinionRestart, id, publication.Function, publication.Job) is not null)
        {
            Restart(minion);
        }

        agenda.Add(job.EndsAt, job);
    }

    public async ValueTask EndAsync(RunningJob job, CancellationToken cancellationToken)
    {
        FunctionResult result;
        lock (Fleet.Gate)
        {
            ref MinionState state = ref Fleet[job.Minion];
            if (job.Killed || state.Starts != job.Starts)
            {
                // What the job began outside of the minion's process goes on without it.
                if (job.Refusal is null)
                {
                    job.Function.Outlive?.Invoke(CallOf(job));
                }

                return;
            }

            result = Run(job);
            if (result.Aftermath is Aftermath.RestartUnheard or Aftermath.RebootUnheard)
            {
                GoDown(
                    job.Minion, result.Aftermath == Aftermath.RebootUnheard ? options.RebootTime : options.RestartTime,
                    reboots: result.Aftermath == Aftermath.RebootUnheard);
                return;
            }

            state.Running?.Remove(job);
            Ledger.Ended(job.Publication.Jid, job.Minion, result.Retcode);
            if (state.CacheJobs)
            {
                CachedJobs.Keep(job.Minion, job.Publication.Jid, MinionReturn.Cached(job.Publication, result));
            }
        }

        await returns.SendAsync(job, result, cancellationToken);
        Follow(result.Aftermath, job.Minion);
    }

    /// <summary>The process dies and comes back: jobs end without a return, jids are forgotten.</summary>
    public void Restart(int minion) => GoDown(minion, options.RestartTime, reboots: false);

    public void Reboot(int minion)
    {
        double share = 0.75 + (0.5 * Dice.Fraction(options.Seed, (ulong)minion, Fleet[minion].Starts, 31));
        GoDown(minion, options.RebootTime * share, reboots: true);
    }

    /// <summary>Goes down; without a time it stays down until <see cref="ComeUp(int)"/>.</summary>
    public void GoDown(int minion, TimeSpan? backAfter = null, bool reboots = false)
    {
        lock (Fleet.Gate)
        {
            ref MinionState state = ref Fleet[minion];
            foreach (RunningJob job in state.Running ?? [])
            {
                Ledger.Stopped(job.Publication.Jid, minion, LedgerOutcome.Interrupted);
            }

            if (reboots)
            {
                state.Software?.LosePower(Clock.GetUtcNow());
            }

            state.Up = false;
            state.Rebooting |= reboots;
            state.Running = null;
            state.Seen.Forget();
            ushort life = ++state.Starts;
            if (backAfter is { } delay)
            {
                agenda.In(delay, () => ComeUp(minion, life));
            }
        }
    }

    public void ComeUp(int minion) => ComeUp(minion, Fleet[minion].Starts);

    private void ComeUp(int minion, ushort life)
    {
        lock (Fleet.Gate)
        {
            ref MinionState state = ref Fleet[minion];
            bool held = faults.Find(FaultNames.MinionDown) is { } fault && faults.Covers(fault, Fleet.IdOf(minion));
            if (state.Up || state.Starts != life || held)
            {
                return;
            }

            state.Up = true;
            if (state.Rebooting)
            {
                state.Boot();
                bootTimes[minion] = Clock.GetUtcNow();
            }
        }

        starts.Send(minion);
    }

    private RunningJob Start(Publication publication, int minion, ref MinionState state)
    {
        DateTimeOffset now = Clock.GetUtcNow();
        SaltFunction function = FunctionTable.Find(publication.Function);
        pids = pids >= 32_000 ? 1000 : pids + 7;
        FunctionCall call = new(this, publication, minion) { StartedAt = now, Pid = pids };
        FunctionResult? refusal = ArgumentCheck.Refuse(function, call)
            ?? (function.Lock == FunctionLock.States ? StateFunctions.Conflict(call) : null);
        TimeSpan takes = refusal is null ? function.Duration?.Invoke(call) ?? TimeSpan.Zero : TimeSpan.Zero;
        RunningJob job = new(this, publication, minion)
        {
            Function = function,
            Starts = state.Starts,
            StartedAt = now,
            EndsAt = FreeAt(function, refusal, state.Running, now)
                + takes + options.Latency.Draw(options.Seed, minion, publication.Job),
            Pid = pids,
            Refusal = refusal,
        };
        if (refusal is null)
        {
            function.Begin?.Invoke(call, job.EndsAt);
        }

        Ledger.Started(publication.Jid, publication.Function, publication.ArgumentsHash, minion, now);
        (state.Running ??= new List<RunningJob>(1)).Add(job);
        return job;
    }

    private static DateTimeOffset FreeAt(
        SaltFunction function, FunctionResult? refusal, List<RunningJob>? running, DateTimeOffset now)
    {
        if (function.Lock == FunctionLock.None || refusal is not null || running is null)
        {
            return now;
        }

        return running.Where(job => job.Function.Lock == function.Lock).Select(job => job.EndsAt).Append(now).Max();
    }

    private FunctionCall CallOf(RunningJob job) =>
        new(this, job.Publication, job.Minion) { StartedAt = job.StartedAt, Pid = job.Pid };

    private FunctionResult Run(RunningJob job)
    {
        FunctionCall call = CallOf(job);
        FunctionResult result = job.Refusal ?? job.Function.Run(call);
        if (result.Out is null && job.Function.Out is { } outputter)
        {
            result = result with { Out = outputter };
        }

        return Spoil(job, call, result);
    }

    private FunctionResult Spoil(RunningJob job, FunctionCall call, FunctionResult result)
    {
        string id = Fleet.IdOf(job.Minion);
        string function = job.Publication.Function;
        if (faults.Strike(FaultNames.JobFails, id, function, job.Publication.Job) is not null)
        {
            return job.Function.Lock == FunctionLock.States
                ? StateFunctions.Failed(call)
                : FunctionResult.Error($"ERROR: {function} failed because the simulation wants it to");
        }

        if (faults.Strike(FaultNames.BigOutput, id, function, job.Publication.Job) is { } big)
        {
            return result with { Value = Swollen(result.Value, (int)Math.Min(big.Bytes, 200_000_000)) };
        }

        return faults.Strike(FaultNames.NulInOutput, id, function, job.Publication.Job) is null
            ? result
            : result with { Value = Json.Quote("nul \0 end") };
    }

    /// <summary>A command's report swells in its output, everything else as a whole.</summary>
    private static string Swollen(string value, int bytes)
    {
        string text = new('x', bytes);
        if (!value.Contains("\"stdout\"", StringComparison.Ordinal) || JsonNode.Parse(value) is not JsonObject report)
        {
            return Json.Quote(text);
        }

        report["stdout"] = text;
        return report.ToJsonString();
    }

    private void Follow(Aftermath aftermath, int minion)
    {
        switch (aftermath)
        {
            case Aftermath.Reboot:
                Reboot(minion);
                break;
            case Aftermath.RestartMinion:
                Restart(minion);
                break;
            case Aftermath.Shutdown:
                GoDown(minion);
                break;
            default:
                break;
        }
    }
}
