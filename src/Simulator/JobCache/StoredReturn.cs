namespace Saltern.Simulator.JobCache;

/// <summary>One row of salt_returns to be.</summary>
/// <param name="Function">Column fun.</param>
/// <param name="Jid">Column jid.</param>
/// <param name="Value">Column return, JSON.</param>
/// <param name="Id">Column id.</param>
/// <param name="Success">Column success.</param>
/// <param name="Full">Column full_ret, JSON; also the load that overwrites the job's.</param>
internal sealed record StoredReturn(string Function, string Jid, string Value, string Id, bool Success, string Full)
{
    /// <summary>The minion's number for the ledger; null for runner and wheel jobs.</summary>
    public int? Minion { get; init; }

    /// <summary>How long the transaction stays open before its commit.</summary>
    public TimeSpan? HeldOpen { get; init; }

    public int Retcode { get; init; }

    public string? Out { get; init; }
}
