using Npgsql;

namespace Saltern.Server.Actions;

/// <summary>
/// What a kind decides for each minion when its turn has come, in the transaction that claims its target: with which
/// arguments it is called, or why not at all; and what must stand before any call leaves. Minions with the same
/// arguments share a submission.
/// </summary>
internal abstract class CallPreparation
{
    /// <summary>The kind of action that is prepared.</summary>
    public abstract string Kind { get; }

    /// <summary>
    /// The calls for these minions, whose targets are queued and may be claimed now. One that is left out stays queued.
    /// </summary>
    public abstract Task<IReadOnlyList<PreparedCall>> PrepareAsync(
        NpgsqlConnection connection, ActionId action, IReadOnlyList<long> minions, DateTimeOffset now,
        CancellationToken cancellationToken);

    /// <summary>Writes down what begins on those of the call's minions that were claimed.</summary>
    public abstract Task RecordAsync(
        NpgsqlConnection connection, ActionId action, PreparedCall call, IReadOnlyList<long> claimed,
        DateTimeOffset now, CancellationToken cancellationToken);
}
