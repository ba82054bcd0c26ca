using Saltern.Simulator.Software;

namespace Saltern.Simulator;

/// <summary>Everything that shapes a simulated master. Checked by <see cref="Validate"/> when it starts.</summary>
public sealed record SimulatorOptions
{
    private static readonly TimeSpan LongestRestart = TimeSpan.FromDays(1);

    /// <summary>The master's id: in <c>full_ret.master_id</c> and in <c>salt_events.master_id</c>.</summary>
    public string Name { get; init; } = "master1";

    /// <summary>Port of salt-api on 127.0.0.1; 0 takes any free one.</summary>
    public int Port { get; init; }

    /// <summary>Port of the control interface on 127.0.0.1; 0 takes any free one.</summary>
    public int ControlPort { get; init; }

    /// <summary>Where returns go.</summary>
    public CacheKind Cache { get; init; } = CacheKind.Database;

    /// <summary>
    /// Connection string of the PostgreSQL with the job cache. Without a search path of its own, schema <c>salt</c>.
    /// </summary>
    public string? Database { get; init; }

    /// <summary>How many minions there are at the start, all with an accepted key and up.</summary>
    public int Minions { get; init; } = 3;

    /// <summary>
    /// The minions' ids: <c>{0}</c> is the number, with a .NET number format (<c>web{0:D5}.example.org</c>).
    /// </summary>
    public string NamePattern { get; init; } = "minion{0:D4}";

    /// <summary>Number of the first minion.</summary>
    public int FirstNumber { get; init; } = 1;

    /// <summary>How many further minions wait with a key that is not accepted yet.</summary>
    public int PendingMinions { get; init; }

    /// <summary>How fast minions answer.</summary>
    public LatencyDistribution Latency { get; init; } = new();

    /// <summary>How long a minion has a job before it has forked for it and <c>find_job</c> sees it.</summary>
    public TimeSpan ForkDelay { get; init; }

    /// <summary>How long a reboot takes, give or take a quarter.</summary>
    public TimeSpan RebootTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the restart of a minion's service takes.</summary>
    public TimeSpan RestartTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Share of the minions that run with <c>cache_jobs: True</c>.</summary>
    public double CacheJobsShare { get; init; } = 1;

    /// <summary>Chance depends on this and on names, so a run with the same seed makes the same draws.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The user that external_auth lists with all rights.</summary>
    public string User { get; init; } = "saltern";

    /// <summary>That user's password, and the shared secret.</summary>
    public string Password { get; init; } = "saltern-shared-secret";

    /// <summary>The kinds of eauth that work.</summary>
    public IReadOnlyList<string> Eauth { get; init; } = ["sharedsecret", "file", "auto", "pam"];

    /// <summary>How long a token lives.</summary>
    public TimeSpan TokenExpire { get; init; } = TimeSpan.FromHours(12);

    /// <summary>How many connections to PostgreSQL write returns.</summary>
    public int Writers { get; init; } = 4;

    /// <summary>How many returns may wait for a writer before minions have to wait with theirs.</summary>
    public int WriteQueue { get; init; } = 20_000;

    /// <summary>
    /// Not what a master does, for benchmarks only: many returns in one transaction, the job's load written once.
    /// </summary>
    public bool Fast { get; init; }

    /// <summary>Whether each return overwrites <c>jids.load</c>, as Salt does.</summary>
    public bool OverwriteLoad { get; init; } = true;

    /// <summary>
    /// List targets longer than this take the master longer than its own time-out: published all the same, answered
    /// 500.
    /// </summary>
    public int LongestTargetList { get; init; } = 20_000;

    /// <summary>Runs the ledger remembers; the oldest jobs are forgotten beyond it.</summary>
    public int LedgerCapacity { get; init; } = 4_000_000;

    /// <summary>Bytes that all minions together keep for <c>find_cached_job</c>; the oldest go first.</summary>
    public long CachedJobBytes { get; init; } = 128L << 20;

    /// <summary>Products of every minion at first; null: as fits its operating system.</summary>
    public IReadOnlyList<SimulatedProduct>? Products { get; init; }

    /// <summary>Repositories of every minion at first; null: as fits its operating system.</summary>
    public IReadOnlyList<SimulatedRepository>? Repositories { get; init; }

    /// <summary>Files of the master's file server, by <c>salt://</c> path: what cmd.script finds.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>Throws with a sentence that names the setting, its value and what is allowed.</summary>
    public void Validate()
    {
        Require(Name.Length > 0, nameof(Name), Name, "not empty");
        Require(Port is >= 0 and <= 65535, nameof(Port), Port, "0 to 65535");
        Require(ControlPort is >= 0 and <= 65535, nameof(ControlPort), ControlPort, "0 to 65535");
        Require(
            Cache == CacheKind.File || Database is { Length: > 0 }, nameof(Database), Database, "a connection string");
        Require(Minions is >= 0 and <= 1_000_000, nameof(Minions), Minions, "0 to 1000000");
        Require(PendingMinions is >= 0 and <= 1_000_000, nameof(PendingMinions), PendingMinions, "0 to 1000000");
        Require(NamePattern.Contains("{0", StringComparison.Ordinal), nameof(NamePattern), NamePattern, "contains {0}");
        Require(Latency.Sigma is >= 0 and <= 5, "Latency.Sigma", Latency.Sigma, "0 to 5");
        Require(
            RebootTime >= TimeSpan.Zero && RebootTime <= LongestRestart, nameof(RebootTime), RebootTime,
            "0 to 1 day");
        Require(
            RestartTime >= TimeSpan.Zero && RestartTime <= LongestRestart, nameof(RestartTime), RestartTime,
            "0 to 1 day");
        Require(CacheJobsShare is >= 0 and <= 1, nameof(CacheJobsShare), CacheJobsShare, "0 to 1");
        Require(Writers is >= 1 and <= 64, nameof(Writers), Writers, "1 to 64");
        Require(WriteQueue >= 1, nameof(WriteQueue), WriteQueue, "at least 1");
        Require(LongestTargetList >= 1, nameof(LongestTargetList), LongestTargetList, "at least 1");
        Require(LedgerCapacity >= 1, nameof(LedgerCapacity), LedgerCapacity, "at least 1");
        Require(TokenExpire > TimeSpan.Zero, nameof(TokenExpire), TokenExpire, "more than 0");
    }

    private static void Require(bool holds, string key, object? value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"Simulator setting {key} is '{value}'; allowed: {allowed}.", key);
        }
    }
}
