using System.Text.Json;
using System.Text.Json.Nodes;

namespace Saltern.Server.Salt;

/// <summary>
/// One Salt master, as salt-api (rest_cherrypy) shows it. Every call has a time-out of its own and logs in by itself.
/// An end that can be expected is a value; OperationCanceledException comes only when the caller cancels, and then it
/// is not known whether the call left.
/// </summary>
internal interface ISaltApi
{
    /// <summary>The master's name in our settings.</summary>
    string Master { get; }

    /// <summary>Hands a call to the master for these minions, under our own jid. Sent at most once per login.</summary>
    Task<SubmitOutcome> SubmitAsync(
        SaltCall call, IReadOnlyList<MinionId> minions, Jid jid, SaltMetadata metadata,
        CancellationToken cancellationToken);

    /// <summary>Runs a function on the master itself and waits for its result.</summary>
    Task<SaltAnswer<JsonElement>> RunnerAsync(string function, JsonObject kwargs, CancellationToken cancellationToken);

    /// <summary>Runs a function of the master's wheel (keys, mostly) and waits for its result.</summary>
    Task<SaltAnswer<JsonElement>> WheelAsync(string function, JsonObject kwargs, CancellationToken cancellationToken);

    Task<SaltAnswer<MinionKeys>> KeysAsync(CancellationToken cancellationToken);

    /// <summary>Accepts a pending or rejected key. Given once the master lists it as accepted.</summary>
    Task<SaltAnswer<MinionId>> AcceptKeyAsync(MinionId minion, CancellationToken cancellationToken);

    /// <summary>Rejects a pending or accepted key. Given once the master lists it as rejected.</summary>
    Task<SaltAnswer<MinionId>> RejectKeyAsync(MinionId minion, CancellationToken cancellationToken);

    /// <summary>Deletes whatever keys the master has of this minion. Given once it lists none.</summary>
    Task<SaltAnswer<MinionId>> DeleteKeyAsync(MinionId minion, CancellationToken cancellationToken);

    /// <summary>
    /// Logs in afresh, which passes through salt-api to the master and back, and keeps that login for the calls to
    /// come. Each login leaves a token on the master until it expires: once a minute is plenty.
    /// </summary>
    Task<SaltAnswer<MasterProbe>> ProbeAsync(CancellationToken cancellationToken);
}
