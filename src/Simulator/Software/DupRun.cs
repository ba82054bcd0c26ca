using System.Text.Json.Nodes;
using Saltern.Simulator.Functions;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Software;

/// <summary>A run under its run_id, as it is on the minion's disk: it outlives the minion's process.</summary>
internal sealed class DupRun(DupOrder order, FunctionCall call)
{
    private readonly int pid = call.Pid;

    public DupOrder Order { get; } = order;

    /// <summary>The job that began it.</summary>
    public string Jid { get; } = call.Publication.Jid;

    public required DupOutcome Outcome { get; set; }

    public required DupSetting Setting { get; init; }

    /// <summary>The packages that differed from the standard set when it began.</summary>
    public required Dictionary<string, string>? PackagesBefore { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset EndsAt { get; set; }

    public int TimesBegun { get; init; } = 1;

    public int TimesAsked { get; set; } = 1;

    public JsonObject? Result { get; set; }

    /// <summary>Whether a package changed, whatever the result tells.</summary>
    public bool Changed { get; set; }

    /// <summary>It works in a snapshot that is the root of the next boot, if it comes to its end.</summary>
    public bool IsTransactional { get; init; }

    /// <summary>A job that is sent again has the same jid, and is another call.</summary>
    public bool WasBegunBy(FunctionCall other) => other.Publication.Jid == Jid && other.Pid == pid;

    /// <summary>The worker died without a trace; the run may begin again.</summary>
    public bool IsDead { get; set; }

    public bool GoesOn => Result is null && !IsDead;

    public DupRunView View(string minionId) => new(
        minionId, Order.RunId, Order.DryRun, Jid, StartedAt, GoesOn ? null : EndsAt, TimesBegun, TimesAsked,
        (string?)Result?["outcome"],
        (string?)Result?["reason"], Changed,
        [.. Order.Channels!.Select(one => one.Label)]);
}
