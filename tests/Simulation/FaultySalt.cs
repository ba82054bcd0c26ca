using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;
using Saltern.Simulator;

namespace Saltern.Simulation;

/// <summary>
/// salt-api as one node sees it: the real client over HTTP to the simulated master, with the places where a node may
/// sleep or be killed. A call that its master holds stands until its time-out, so that other steps go on meanwhile.
/// </summary>
internal sealed class FaultySalt(ISaltApi inner, SaltMasterOptions options, MasterInWorld master, Node node)
    : ISaltApi
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    private const string Refused = "Connection refused";

    public string Master => inner.Master;

    public async Task<SubmitOutcome> SubmitAsync(
        SaltCall call, IReadOnlyList<MinionId> minions, Jid jid, SaltMetadata metadata,
        CancellationToken cancellationToken)
    {
        await node.World.Watch.CheckSubmissionAsync(node, jid.Value, [.. minions.Select(minion => minion.Value)]);
        var fault = node.World.NextCallFault();
        await node.MeetAsync(fault, CallFault.SleepBefore, CallFault.KillBefore, $"before {jid}");
        if (master.Refuses)
        {
            return new SubmitOutcome.NotSent(Refused, NotSentCause.Unreachable);
        }

        var outcome = await HeldAsync(
            token => inner.SubmitAsync(call, minions, jid, metadata, token), options.SubmitTimeout, cancellationToken);
        node.World.Note($"  {node.Name} {Master} {jid} {call.Function}: {outcome.GetType().Name}");
        await node.MeetAsync(fault, CallFault.SleepAfter, CallFault.KillAfter, $"after {jid}");
        return outcome;
    }

    public Task<SaltAnswer<JsonElement>> RunnerAsync(
        string function, JsonObject kwargs, CancellationToken cancellationToken) => master.Refuses
        ? Task.FromResult<SaltAnswer<JsonElement>>(
            new SaltAnswer<JsonElement>.Failed(SaltFailure.Unreachable, Refused))
        : HeldAsync(token => inner.RunnerAsync(function, kwargs, token), options.RunnerTimeout, cancellationToken);

    public Task<SaltAnswer<MasterProbe>> ProbeAsync(CancellationToken cancellationToken) => master.Refuses
        ? Task.FromResult<SaltAnswer<MasterProbe>>(
            new SaltAnswer<MasterProbe>.Failed(SaltFailure.Unreachable, Refused))
        : HeldAsync(inner.ProbeAsync, options.LoginTimeout, cancellationToken);

    public Task<SaltAnswer<JsonElement>> WheelAsync(
        string function, JsonObject kwargs, CancellationToken cancellationToken) =>
        inner.WheelAsync(function, kwargs, cancellationToken);

    public Task<SaltAnswer<MinionKeys>> KeysAsync(CancellationToken cancellationToken) =>
        inner.KeysAsync(cancellationToken);

    public Task<SaltAnswer<MinionId>> AcceptKeyAsync(MinionId minion, CancellationToken cancellationToken) =>
        inner.AcceptKeyAsync(minion, cancellationToken);

    public Task<SaltAnswer<MinionId>> RejectKeyAsync(MinionId minion, CancellationToken cancellationToken) =>
        inner.RejectKeyAsync(minion, cancellationToken);

    public Task<SaltAnswer<MinionId>> DeleteKeyAsync(MinionId minion, CancellationToken cancellationToken) =>
        inner.DeleteKeyAsync(minion, cancellationToken);

    private async Task<T> HeldAsync<T>(
        Func<CancellationToken, Task<T>> send, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var held = master.Simulated.HeldRequests;
        var ends = node.World.Clock.GetUtcNow() + timeout;
        var call = send(cancellationToken);
        while (await Task.WhenAny(call, Task.Delay(Look, TimeProvider.System, cancellationToken)) != call)
        {
            if (master.Simulated.HeldRequests > held)
            {
                node.Stand(new Standing($"held by {Master}", ends));
                break;
            }
        }

        return await call;
    }
}
