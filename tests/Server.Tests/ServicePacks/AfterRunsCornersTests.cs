using Npgsql;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>What follows a run, where two nodes are at it or something is out of order.</summary>
public sealed class AfterRunsCornersTests(PostgresServer server) : AfterRunsGround(server)
{
    [Fact]
    public async Task Two_nodes_at_once_have_it_read_once()
    {
        var action = await DoneAsync(Reboot, "m1");
        await rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);
        Assert.Equal("system.reboot", await OrderedAsync(action));
        var restart = await database.ScalarAsync<long>("select id from action where kind = 'system.reboot'");
        await rig.Get<Cancelling>().CancelAsync(new ActionId(restart), null, "ann", CancellationToken.None);

        await using var node = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await node.BeginTransactionAsync();
        await new CheckOrders(node, rig.Get<OwnOrders>(), rig.Clock.GetUtcNow()).RunAsync(CancellationToken.None);
        var other = rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);
        await UntilLockedAsync(other);
        await transaction.CommitAsync();
        await other;
        await rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);

        Assert.Equal("Reading", await database.ScalarAsync<string>("select state from migration_check"));
        Assert.Equal(
            "system.reboot,products.refresh,repositories.refresh,hardware.refresh", await OrderedAsync(action));
    }

    [Fact]
    public async Task Restarts_are_ordered_though_what_is_to_be_compared_cannot_be_looked_at()
    {
        await DoneAsync(Real, "m1");
        await TurnAsync();
        await SayAsync();
        var action = await DoneAsync(Reboot, "m2");
        await database.ExecuteAsync("alter table saltern.catalogue_stamp rename to gone");

        await Assert.ThrowsAsync<PostgresException>(
            () => rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None));
        Assert.Equal("system.reboot", await OrderedAsync(action));

        await database.ExecuteAsync("alter table saltern.gone rename to catalogue_stamp");
        await rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);
        Assert.Equal("system.reboot", await OrderedAsync(action));
        Assert.Equal("Verified", await database.ScalarAsync<string>(
            "select state from migration_check order by change_id limit 1"));
    }

    [Fact]
    public async Task One_that_cannot_be_compared_is_not_verified_and_the_others_are()
    {
        var odd = await DoneAsync(Real, "m1");
        var strange = await DoneAsync(Real, "m2");
        var other = await DoneAsync(Real, "m3");
        await TurnAsync();
        for (var round = 0; round < 4; round++)
        {
            await SayAsync();
            await rig.DispatchAsync();
        }

        await database.ExecuteAsync("update action set arguments = '{\"target\": 5}' where id = $1", odd.Value);
        await database.ExecuteAsync("""
            update minion_software s
            set repositories = replace(s.repositories::text, 'saltern:base', 'saltern:b\u0000se')::json
            from minion m where m.minion_key = s.minion_key and m.minion_id = 'm2'
            """);
        await TurnAsync();

        Assert.Equal(
            ("NotYet", "what it told could not be compared (InvalidOperationException)"), await FoundAsync(odd));
        Assert.Equal(
            (
                "Differs",
                "channel basesystem15-sp5-pool-x86_64 is none of its repositories; "
                + "repository saltern:b\uFFFDsesystem15-sp5-pool-x86_64 is none of the assigned channels"),
            await FoundAsync(strange));
        Assert.Equal((1, 0, 0), await CountsAsync(other));
    }

    /// <summary>A run that succeeded and was decided about, before anything follows.</summary>
    private async Task<ActionId> DoneAsync(string more, string minion)
    {
        var action = await OrderAsync(more, minion);
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, minion, "succeeded", changed: true);
        await rig.SettleAsync();
        await rig.Get<ChangeDeciding>().RunOnceAsync(CancellationToken.None);
        return action;
    }
}
