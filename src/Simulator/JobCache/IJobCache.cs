using System.Text.Json.Nodes;

namespace Saltern.Simulator.JobCache;

/// <summary>What the master keeps of its jobs: PostgreSQL as the pgjsonb returner uses it, or memory.</summary>
internal interface IJobCache : IAsyncDisposable
{
    /// <summary>Returns that could not be stored.</summary>
    long Lost { get; }

    /// <summary>Returns stored.</summary>
    long Stored { get; }

    /// <summary>Before the publication. That it fails does not stop the master from publishing.</summary>
    Task SaveLoadAsync(string jid, string load, IReadOnlyList<string> minions, CancellationToken cancellationToken);

    /// <summary>Hands a return to a writer; waits while all of them are far behind.</summary>
    ValueTask StoreReturnAsync(StoredReturn row, CancellationToken cancellationToken);

    ValueTask StoreEventAsync(string tag, string data, CancellationToken cancellationToken);

    Task<JsonObject?> LoadOfAsync(string jid, CancellationToken cancellationToken);

    /// <summary>By minion; each as the cache keeps a return.</summary>
    Task<JsonObject> ReturnsOfAsync(string jid, CancellationToken cancellationToken);

    Task<List<(string Jid, JsonObject Load)>> JobsAsync(CancellationToken cancellationToken);

    /// <summary>Whether all that was to be stored has been stored, or lost.</summary>
    bool IsQuiet { get; }
}
