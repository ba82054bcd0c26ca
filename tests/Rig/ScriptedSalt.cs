using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Rig;

/// <summary>
/// A master that answers each submission as the test says and keeps what it was sent. It publishes nothing and returns
/// nothing: for tests of what happens around one call. Whole-server tests use the Simulator.
/// </summary>
internal sealed class ScriptedSalt(string master) : ISaltApi
{
    /// <summary>One submission as it came.</summary>
    public sealed record Sent(string Jid, string Function, IReadOnlyList<string> Minions, SaltCall Call);

    public string Master { get; } = master;

    public ConcurrentQueue<Sent> Submissions { get; } = [];

    /// <summary>Answers a submission; accepts all minions unless set.</summary>
    public Func<Sent, SubmitOutcome> Answer { get; set; } = _ => new SubmitOutcome.Accepted([]);

    /// <summary>Runs before each answer: the moment when a call is on its way.</summary>
    public Func<Sent, Task> OnTheWay { get; set; } = _ => Task.CompletedTask;

    public bool IsUp { get; set; } = true;

    public int Probes { get; private set; }

    public async Task<SubmitOutcome> SubmitAsync(
        SaltCall call, IReadOnlyList<MinionId> minions, Jid jid, SaltMetadata metadata,
        CancellationToken cancellationToken)
    {
        var sent = new Sent(jid.Value, call.Function, [.. minions.Select(minion => minion.Value)], call);
        Submissions.Enqueue(sent);
        await OnTheWay(sent);
        return Answer(sent);
    }

    public Task<SaltAnswer<MasterProbe>> ProbeAsync(CancellationToken cancellationToken)
    {
        Probes++;
        return Task.FromResult<SaltAnswer<MasterProbe>>(IsUp
            ? new SaltAnswer<MasterProbe>.Given(new MasterProbe(TimeSpan.Zero, null, HasRights: true))
            : new SaltAnswer<MasterProbe>.Failed(SaltFailure.Unreachable, "connection refused"));
    }

    public Task<SaltAnswer<JsonElement>> RunnerAsync(
        string function, JsonObject kwargs, CancellationToken cancellationToken) => throw NotScripted(function);

    public Task<SaltAnswer<JsonElement>> WheelAsync(
        string function, JsonObject kwargs, CancellationToken cancellationToken) => throw NotScripted(function);

    public Task<SaltAnswer<MinionKeys>> KeysAsync(CancellationToken cancellationToken) => throw NotScripted("keys");

    public Task<SaltAnswer<MinionId>> AcceptKeyAsync(MinionId minion, CancellationToken cancellationToken) =>
        throw NotScripted("accept");

    public Task<SaltAnswer<MinionId>> RejectKeyAsync(MinionId minion, CancellationToken cancellationToken) =>
        throw NotScripted("reject");

    public Task<SaltAnswer<MinionId>> DeleteKeyAsync(MinionId minion, CancellationToken cancellationToken) =>
        throw NotScripted("delete");

    private static InvalidOperationException NotScripted(string what) => new($"the scripted master knows no {what}");
}
