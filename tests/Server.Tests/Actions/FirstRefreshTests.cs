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
        await rig.AddMinionsAsync(3);
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
        await rig.DispatchAsync();
        var sent = Assert.Single(rig.Salt[0].Submissions);
        Assert.Equal(("grains.items", 3), (sent.Function, sent.Minions.Count));
        await rig.ReturnAsync(sent.Jid, "m1", """{"os":"SLES"}""", 0, "grains.items");
        await rig.SettleAsync();

        rig.Clock.Advance(TimeSpan.FromHours(25));

        Assert.Equal(2, await refresh.RunOnceAsync(CancellationToken.None));
        Assert.Equal("saltern", await database.ScalarAsync<string>("select max(created_by) from action"));
    }
}
