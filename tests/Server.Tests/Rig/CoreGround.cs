using Saltern.Rig;

namespace Saltern.Server.Tests.Rig;

/// <summary>
/// What most tests of dispatching and settling stand on: a database of their own, the slices on a test clock, one
/// scripted master, and minions m1, m2, … that were just heard from.
/// </summary>
public abstract class CoreGround(
    PostgresServer server, int minions = 2, params (string Key, string Value)[] settings) : IAsyncLifetime
{
    private protected TestDatabase database = null!;
    private protected CoreRig rig = null!;

    private protected ScriptedSalt Salt => rig.Salt[0];

    private protected virtual int Masters => 1;

    public virtual async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(server);
        rig = await CoreRig.StartAsync(database, Masters, settings: settings);
        await rig.AddMinionsAsync(minions);
    }

    /// <summary>Waits until a session waits for another one's lock, or what should do so has ended.</summary>
    private protected async Task UntilLockedAsync(Task waiting)
    {
        while (!waiting.IsCompleted && await database.ScalarAsync<long>("""
            select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'
            """) == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        await database.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
