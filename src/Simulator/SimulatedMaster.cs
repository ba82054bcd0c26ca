using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Saltern.Simulator.Control;
using Saltern.Simulator.Faults;
using Saltern.Simulator.JobCache;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Keys;
using Saltern.Simulator.Ledger;
using Saltern.Simulator.Minions;
using Saltern.Simulator.Runners;
using Saltern.Simulator.SaltApi;
using Saltern.Simulator.Software;

namespace Saltern.Simulator;

/// <summary>
/// A Salt master with any number of minions, as a server sees it from outside: salt-api over HTTP and returns in the
/// job cache. Nothing is executed; what each minion "ran" is in the <see cref="Ledger"/>, and faults are chosen on
/// <see cref="Faults"/>, both also over the control port. Held honest by recordings of a real master that its tests
/// replay.
/// </summary>
public sealed class SimulatedMaster : IAsyncDisposable
{
    private readonly SimulatorOptions options;
    private readonly Agenda agenda;
    private readonly Fleet fleet;
    private readonly MinionProcess minions;
    private readonly StartEvents startEvents;
    private readonly IJobCache cache;
    private readonly Sessions sessions;
    private readonly MasterJobs masterJobs;
    private readonly Publisher publisher;
    private readonly Listener api;
    private readonly Listener control;
    private readonly RequestFaults requestFaults;
    private readonly ConcurrentDictionary<string, string> files;
    private readonly SemaphoreSlim listening = new(1, 1);
    private readonly CancellationTokenSource stopping = new();
    private Task switching = Task.CompletedTask;
    private int disposed;

    /// <summary>Builds the master; nothing is reachable before <see cref="StartAsync"/>.</summary>
    public SimulatedMaster(SimulatorOptions options, TimeProvider clock, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        options.Validate();
        this.options = options;
        ILogger logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("Saltern.Simulator");
        fleet = new Fleet(options);
        files = new(options.Files, StringComparer.Ordinal);
        Faults = new FaultBoard(options.Seed);
        Ledger = new RunLedger(
            fleet.IdOf, id => fleet.TryFind(id, out int minion) ? minion : null, options.LedgerCapacity);
        agenda = new Agenda(clock, logger);
        SimulatorParts parts = new(options, clock, agenda, Faults, Ledger, new EventBus(), files, stopping.Token);
        cache = options.Cache == CacheKind.File
            ? new FileJobCache(Ledger)
            : new DatabaseJobCache(options, clock, Ledger, logger);
        ReturnWaiters waiters = new();
        Jids jids = new(clock);
        startEvents = new StartEvents(parts, fleet, cache);
        minions = new MinionProcess(parts, fleet, new ReturnPath(parts, fleet, cache, waiters), startEvents);
        publisher = new Publisher(parts, jids, cache, minions);
        LocalClient local = new(clock, publisher, waiters, jids, fleet);
        masterJobs = new MasterJobs(parts, jids, cache, FunctionsOfMaster(local), logger);
        sessions = new Sessions(options, clock);
        requestFaults = new RequestFaults(parts, sessions);
        api = new Listener(options.Port, Handler(parts, local, logger).HandleAsync);
        control = new Listener(options.ControlPort, new ControlHandler(this).HandleAsync);
        Faults.Changed += Follow;
    }

    /// <summary>The master's id.</summary>
    public string Name => options.Name;

    /// <summary>Where salt-api listens; after <see cref="StartAsync"/>.</summary>
    public Uri Api => api.Address;

    /// <summary>Where the control interface listens; after <see cref="StartAsync"/>.</summary>
    public Uri Control => control.Address;

    /// <summary>What goes wrong.</summary>
    public FaultBoard Faults { get; }

    /// <summary>What each minion really ran.</summary>
    public RunLedger Ledger { get; }

    /// <summary>Ids of all minions, in the order they were made.</summary>
    public IReadOnlyList<string> Minions
    {
        get
        {
            lock (fleet.Gate)
            {
                return [.. Enumerable.Range(0, fleet.Count).Select(fleet.IdOf)];
            }
        }
    }

    /// <summary>Numbers about the simulation.</summary>
    public SimulatorCounts Counts => new(
        fleet.Count, fleet.Where(minion => fleet[minion].Up).Count, publisher.Published, agenda.Count, Ledger.Count,
        cache.Stored, cache.Lost);

    /// <summary>
    /// Whether all is done that is due by now, returns stored included: for tests that move the clock themselves.
    /// </summary>
    public bool IsQuiet => agenda.IsQuiet && cache.IsQuiet;

    /// <summary>How many requests a fault has kept waiting so far: each is still waiting, or was given up.</summary>
    public long HeldRequests => requestFaults.Held;

    internal Fleet Fleet => fleet;

    /// <summary>Opens the ports.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!Faults.IsSet(FaultNames.RefuseConnection))
        {
            await api.OpenAsync(cancellationToken);
        }

        await control.OpenAsync(cancellationToken);
    }

    /// <summary>Adds minions with the pattern's next names; they are up, with a key in the status given.</summary>
    public IReadOnlyList<string> AddMinions(int count, KeyStatus key = KeyStatus.Accepted) => fleet.Add(count, key);

    /// <summary>Adds minions with names of their own; a name that is taken is passed over.</summary>
    public void AddMinions(IEnumerable<string> ids, KeyStatus key = KeyStatus.Accepted)
    {
        ArgumentNullException.ThrowIfNull(ids);
        foreach (string id in ids)
        {
            fleet.AddOne(id, key);
        }
    }

    /// <summary>
    /// Takes a minion down: what runs on it ends without a return, what is published is not delivered.
    /// </summary>
    public bool TakeDown(string id) => With(id, minion => minions.GoDown(minion));

    /// <summary>Brings a minion up again, with a start event.</summary>
    public bool BringUp(string id) => With(id, minions.ComeUp);

    /// <summary>Restarts a minion's process: it forgets the jids it has seen and sends a start event.</summary>
    public bool Restart(string id) => With(id, minions.Restart);

    /// <summary>Reboots a minion: as a restart, it takes longer, and the boot id changes.</summary>
    public bool Reboot(string id) => With(id, minions.Reboot);

    /// <summary>A minion's connection drops and comes back: a start event without a restart.</summary>
    public bool Reconnect(string id) => With(id, startEvents.Send);

    /// <summary>Sets whether a minion keeps its returns for find_cached_job.</summary>
    public bool SetCacheJobs(string id, bool keeps) => With(id, minion =>
    {
        lock (fleet.Gate)
        {
            fleet[minion].CacheJobs = keeps;
        }
    });

    /// <summary>Products, repositories and runs of a minion; null if there is no such minion.</summary>
    public SoftwareView? SoftwareOf(string id)
    {
        if (!fleet.TryFind(id, out int minion))
        {
            return null;
        }

        lock (fleet.Gate)
        {
            MinionSoftware software = fleet.SoftwareOf(minion);
            return new SoftwareView(
                software.Products, [.. software.Repositories], software.Dup,
                [.. software.Runs.Values.Select(run => run.View(id))], [.. software.ChannelsSet]);
        }
    }

    /// <summary>Sets products, repositories and what runs come to; a minion that gets products has zypper.</summary>
    public bool SetSoftware(string id, SoftwareSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        setting.Dup?.Check();
        return With(id, minion =>
        {
            lock (fleet.Gate)
            {
                MinionSoftware software = fleet.OwnSoftwareOf(minion);
                software.Products = setting.Products ?? software.Products;
                software.Repositories =
                    setting.Repositories is null ? software.Repositories : [.. setting.Repositories];
                software.Dup = setting.Dup ?? software.Dup;
            }
        });
    }

    /// <summary>Puts a file on the master's file server, by its <c>salt://</c> path.</summary>
    public void PutFile(string path, string text) => files[path] = text;

    /// <summary>The boot id that a minion would answer now; null if there is no such minion.</summary>
    public string? BootIdOf(string id) => fleet.TryFind(id, out int minion) ? fleet.BootIdOf(minion) : null;

    /// <summary>Closes the ports and drops what is still to happen.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
        {
            return;
        }

        Faults.Changed -= Follow;
        await stopping.CancelAsync();
        await switching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await api.DisposeAsync();
        await control.DisposeAsync();
        await agenda.DisposeAsync();
        await masterJobs.DisposeAsync();
        await cache.DisposeAsync();
        listening.Dispose();
        stopping.Dispose();
    }

    private Dictionary<string, MasterFunction> FunctionsOfMaster(LocalClient local) =>
        new JobsRunner(cache, local).Functions
            .Concat(new ManageRunner(local, fleet).Functions)
            .Concat(new KeyWheel(new KeyRing(fleet), fleet, startEvents).Functions)
            .ToDictionary(pair => pair.Name, pair => pair.Function, StringComparer.Ordinal);

    private ApiHandler Handler(SimulatorParts parts, LocalClient local, ILogger logger)
    {
        Lowstate lowstate = new(parts, sessions, new Clients(parts, publisher, local, masterJobs), requestFaults);
        return new ApiHandler(
            lowstate,
            new LoginPages(sessions, requestFaults, masterJobs),
            new ReadPages(lowstate, parts.Clock),
            new EventStream(lowstate, parts.Events),
            logger);
    }

    private bool With(string id, Action<int> change)
    {
        if (!fleet.TryFind(id, out int minion))
        {
            return false;
        }

        change(minion);
        return true;
    }

    // Some faults are a state of the world rather than a mishap of one request.
    private void Follow(Fault? before, Fault? now)
    {
        switch ((now ?? before)!.Name)
        {
            case FaultNames.MinionDown:
                FollowMinionDown(before, now);
                break;
            case FaultNames.MasterDown when now is null:
                startEvents.SendAll();
                break;
            case FaultNames.LoseReturns when now is { Seconds: > 0 }:
                agenda.In(now.Length, () => Faults.Clear(FaultNames.LoseReturns));
                break;
            case FaultNames.RefuseConnection:
                switching = SwitchAsync(now is null);
                break;
            default:
                break;
        }
    }

    private void FollowMinionDown(Fault? before, Fault? now)
    {
        foreach (int minion in before is null ? [] : fleet.Where(minion => Faults.Covers(before, fleet.IdOf(minion))))
        {
            minions.ComeUp(minion);
        }

        foreach (int minion in now is null ? [] : fleet.Where(minion => Faults.Covers(now, fleet.IdOf(minion))))
        {
            minions.GoDown(minion);
        }
    }

    /// <summary>Completes when the port has been closed or opened after the fault refuse-connection changed.</summary>
    public Task SwitchedAsync() => switching;

    private async Task SwitchAsync(bool open)
    {
        await listening.WaitAsync(stopping.Token);
        try
        {
            if (open)
            {
                await api.OpenAsync(stopping.Token);
                return;
            }

            sessions.CloseAll();
            await api.CloseAsync(stopping.Token);
        }
        finally
        {
            listening.Release();
        }
    }
}
