using Saltern.Rig;
using Saltern.Server.Actions;
using Xunit;

namespace Saltern.Server.Tests.Actions;

public sealed class FirstRefreshTests(PostgresServer server) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private CoreRig rig = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync(server);
        rig = await CoreRig.StartAsync(database);
        await rig.AddMinionsAsync(3, heard: false);
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Minions_that_never_told_their_grains_are_asked_once_and_again_a_day_later()
    {
        var refresh = rig.Get<FirstRefresh>();
        Assert.Equal(3, await refresh.RunOnceAsync(CancellationToken.None));
        Assert.Equal(0, await refresh.RunOnceAsync(CancellationToken.None));
        rig.Clock.Advance(TimeSpan.FromSeconds(30));
        await rig.DispatchAsync();
        var sent = Assert.Single(rig.Salt[0].Submissions);
        Assert.Equal(("grains.items", 3), (sent.Function, sent.Minions.Count));
        await rig.ReturnAsync(sent.Jid, "m1", """{"os":"SLES"}""", 0, "grains.items");
        await rig.SettleAsync();

        rig.Clock.Advance(TimeSpan.FromHours(25));

        Assert.Equal(2, await refresh.RunOnceAsync(CancellationToken.None));
        Assert.Equal("saltern", await database.ScalarAsync<string>("select max(created_by) from action"));
    }

    [Fact]
    public async Task A_minion_that_was_never_heard_from_is_given_time_to_connect()
    {
        await HeardAsync("m1");
        await rig.Get<FirstRefresh>().RunOnceAsync(CancellationToken.None);

        await rig.DispatchAsync();
        Assert.Equal(["m1"], Assert.Single(rig.Salt[0].Submissions).Minions);

        rig.Clock.Advance(TimeSpan.FromSeconds(30));
        await rig.DispatchAsync();
        Assert.Equal(["m2", "m3"], rig.Salt[0].Submissions.Last().Minions.Order());
    }

    [Fact]
    public async Task A_minion_that_was_away_is_asked_again_when_it_was_heard_from()
    {
        var refresh = rig.Get<FirstRefresh>();
        await refresh.RunOnceAsync(CancellationToken.None);
        rig.Clock.Advance(TimeSpan.FromMinutes(50));
        await HeardAsync("m2");
        Assert.Equal(0, await refresh.RunOnceAsync(CancellationToken.None));

        rig.Clock.Advance(TimeSpan.FromMinutes(11));

        Assert.Equal(1, await refresh.RunOnceAsync(CancellationToken.None));
    }

    private Task HeardAsync(string minion) => database.ExecuteAsync(
        """
        insert into minion_contact select minion_key, $2 from minion where minion_id = $1
        on conflict (minion_key) do update set last_contact_at = excluded.last_contact_at
        """, minion, rig.Clock.GetUtcNow());
}
