using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.Dispatch;
using Saltern.Server.ServicePacks;
using Xunit;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>What follows a real run that succeeded: the restart, and the look at what is there.</summary>
public sealed class AfterRunsTests(PostgresServer server) : AfterRunsGround(server)
{
    [Fact]
    public async Task A_minion_that_has_what_was_ordered_is_verified()
    {
        var action = await OrderAsync(Real, "m1");
        await RunAsync("m1");
        Assert.Equal((0, 0, 1), await CountsAsync(action));
        await AnswerAsync();

        Assert.Equal((1, 0, 0), await CountsAsync(action));
        Assert.Equal("Kept", await StateAsync());
        Assert.Equal("Verified", (await ChangeAsync(action)).Verification);
        Assert.Equal("channels kept, what is installed is read, verified", await HistoryAsync(action));
    }

    [Theory]
    [InlineData("SLES 15.3,sle-module-basesystem 15.5", After, "SLES 15.5 x86_64 is not installed; "
        + "SLES 15.3 x86_64 is still installed")]
    [InlineData("SLES 15.5", After, "sle-module-basesystem 15.5 x86_64 is not installed")]
    [InlineData(Sp5 + ",tool 1", After, "tool 1 x86_64 is installed besides")]
    [InlineData(Sp5, After + " old", "repository saltern:old is none of the assigned channels")]
    [InlineData(Sp5, "basesystem15-sp5-pool-x86_64 sle-product-sles15-sp5-updates-x86_64",
        "channel sle-product-sles15-sp5-pool-x86_64 is none of its repositories")]
    public async Task What_differs_is_for_a_person_and_is_forgotten_once_it_is_put_right(
        string products, string channels, string difference)
    {
        var action = await OrderAsync(Real, "m1");
        (installed, repositories) = (products, channels);
        await RunAsync("m1");
        await AnswerAsync();

        Assert.Equal(
            $"Kept: what was found after the run differs from its target: {difference}", await StateAsync());
        Assert.Equal((0, 1, 0), await CountsAsync(action));
        Assert.Equal(("Differs", difference), await FoundAsync(action));
        Assert.Equal(
            difference.Split("; ").Order(StringComparer.Ordinal),
            (await OfAsync(action)).FoundAfter.Select(group => group.Text!).Order(StringComparer.Ordinal));

        (installed, repositories) = (Sp5, After);
        rig.Clock.Advance(TimeSpan.FromDays(1));
        await rig.ScheduleAsync("products.refresh");
        await rig.ScheduleAsync("repositories.refresh");
        await TurnAsync();
        await AnswerAsync();
        Assert.Equal(((1, 0, 0), "Kept"), (await CountsAsync(action), await StateAsync()));
    }

    [Fact]
    public async Task What_a_person_has_looked_at_is_not_told_again_while_it_is_the_same()
    {
        var action = await OrderAsync(Real, "m1");
        installed = "SLES 15.5";
        await RunAsync("m1");
        await AnswerAsync();
        await rig.Get<ChangeOrders>().DecideAsync(
            (await ChangeAsync(action)).Id, keep: true, "ann", CancellationToken.None);
        await rig.ScheduleAsync("products.refresh");
        await rig.ScheduleAsync("repositories.refresh");
        rig.Clock.Advance(TimeSpan.FromHours(1));
        await TurnAsync();
        await AnswerAsync();

        Assert.Equal(("Kept", (0, 1, 0)), (await StateAsync(), await CountsAsync(action)));
    }

    [Fact]
    public async Task What_could_not_be_read_is_not_verified_and_whoever_has_it_read_makes_good_for_it()
    {
        var action = await OrderAsync(Real, "m1");
        await RunAsync("m1");
        silent = true;
        await AnswerAsync();
        var (word, why) = await FoundAsync(action);
        Assert.Equal(("NotYet", (0, 0, 1)), (word, await CountsAsync(action)));
        Assert.StartsWith("products: ", why);

        silent = false;
        rig.Clock.Advance(TimeSpan.FromDays(40));
        await rig.ScheduleAsync("products.refresh");
        await rig.ScheduleAsync("repositories.refresh");
        await TurnAsync();
        await AnswerAsync();
        Assert.Equal((1, 0, 0), await CountsAsync(action));
    }

    [Fact]
    public async Task It_is_read_when_its_restart_has_ended_and_not_before()
    {
        var action = await OrderAsync(Reboot, "m1");
        await RunAsync("m1", """, "reboot_needed": true""");
        Assert.Equal("system.reboot", await OrderedAsync(action));
        await AnswerAsync();
        Assert.Equal(("system.reboot", 1), (await OrderedAsync(action), (await OfAsync(action)).RebootsNeeded));
        rig.Clock.Advance(TimeSpan.FromMinutes(2));
        boot = "22222222-2222-4222-8222-222222222222";
        await TurnAsync();
        await AnswerAsync();

        Assert.Equal(
            "system.reboot,products.refresh,repositories.refresh,hardware.refresh", await OrderedAsync(action));
        Assert.Equal((1, 0, 0), await CountsAsync(action));
        Assert.Equal(0, (await OfAsync(action)).RebootsNeeded);
    }

    [Fact]
    public async Task A_machine_that_does_not_come_back_from_its_restart_is_for_a_person_until_it_does()
    {
        var action = await OrderAsync(Reboot, "m1");
        await RunAsync("m1");
        await AnswerAsync();
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal("Kept", await StateAsync());
        for (var minute = 0; minute < 60; minute += 5)
        {
            await PassAsync(TimeSpan.FromMinutes(5));
        }

        const string Away = "Kept: it does not answer since its restart was ordered; see whether it has come up again";
        Assert.Equal(Away, await StateAsync());
        boot = "22222222-2222-4222-8222-222222222222";
        await StartsAsync("m1");
        for (var round = 0; round < 3; round++)
        {
            await rig.DispatchAsync();
            await SayAsync();
        }

        // Somebody is at the change at that moment.
        await using var other = await database.DataSource.OpenConnectionAsync();
        await using var held = await other.BeginTransactionAsync();
        await Statement.ExecuteAsync(other, "select from channel_change for update", [], CancellationToken.None);
        var pass = rig.Get<AfterRuns>().RunOnceAsync(CancellationToken.None);
        await UntilLockedAsync(pass);
        await held.CommitAsync();
        await pass;
        Assert.Equal("Kept", await StateAsync());
        await AnswerAsync();
        Assert.Equal(("Kept", (1, 0, 0)), (await StateAsync(), await CountsAsync(action)));
    }

    [Fact]
    public async Task A_restart_begins_within_the_time_of_the_order_and_a_machine_that_was_away_is_not_surprised()
    {
        var action = await OrderAsync(Reboot, "m1");
        await RunAsync("m1");
        Assert.Equal(
            await ExpiryAsync(action), await ExpiryAsync(await database.ScalarAsync<long>(
                "select id from action where kind = 'system.reboot'")));
        rig.Clock.Advance(TimeSpan.FromDays(60));
        await rig.Get<Expiry>().RunOnceAsync(CancellationToken.None);
        await TurnAsync();
        await AnswerAsync();

        Assert.DoesNotContain(Salt.Submissions, sent => sent.Function == "system.reboot");
        Assert.EndsWith("it was not restarted: expired before it could start", await StateAsync());

        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await StartsAsync("m1");
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        foreach (var kind in (string[])["products.refresh", "repositories.refresh"])
        {
            await rig.ScheduleAsync(kind, target: new() { Minions = ["m1"] });
        }

        await rig.DispatchAsync();
        await AnswerAsync();
        Assert.Equal((1, 0, 0), await CountsAsync(action));
        Assert.Equal("Kept", await StateAsync());
    }

    [Fact]
    public async Task A_result_that_is_found_long_after_the_run_restarts_nothing()
    {
        var action = await OrderAsync(Reboot, "m1");
        await rig.DispatchAsync();
        var run = LastSent;
        var ended = rig.Clock.GetUtcNow().ToUnixTimeSeconds();
        await rig.ReturnAsync(run.Jid, "m1", "\"The minion function caused an exception\"", 1, "state.apply");
        await TurnAsync();
        var ask = LastSent;
        rig.Clock.Advance(TimeSpan.FromDays(60));
        await rig.ReturnAsync(
            ask.Jid, "m1", Result($"{PillarOf(run)["run_id"]}", "succeeded", true, $""", "ended": {ended}"""), 0,
            ask.Function);
        await TurnAsync();
        await AnswerAsync();

        Assert.Equal("products.refresh,repositories.refresh,hardware.refresh", await OrderedAsync(action));
        Assert.EndsWith("how the run ended became known too late for its restart", await StateAsync());
    }

    [Fact]
    public async Task What_is_there_after_the_next_boot_only_is_not_held_against_the_minion_before()
    {
        var action = await OrderAsync(Real, "m1");
        await rig.DispatchAsync();
        await RunEndsAsync(LastSent, "m1", "succeeded", true, """, "checks": {"transactional": true}""");
        await TurnAsync();
        Assert.Equal(("NotYet", "what it changed is there after the next boot"), await FoundAsync(action));
        foreach (var products in new[] { "SLES 15.3,sle-module-basesystem 15.3", Sp5 })
        {
            Assert.Equal(("Kept", (0, 0, 1)), (await StateAsync(), await CountsAsync(action)));
            installed = products;
            rig.Clock.Advance(TimeSpan.FromDays(1));
            await rig.ScheduleAsync("products.refresh");
            await rig.ScheduleAsync("repositories.refresh");
            await TurnAsync();
            await AnswerAsync();
        }

        Assert.Equal((1, 0, 0), await CountsAsync(action));
    }

    [Fact]
    public async Task Orders_of_a_migration_that_goes_on_are_collected_and_given_together_when_it_rests()
    {
        var action = await OrderAsync(Real);
        await rig.DispatchAsync();
        var run = LastSent;
        await RunEndsAsync(run, "m1", "succeeded", changed: true);
        await TurnAsync();
        rig.Clock.Advance(TimeSpan.FromMinutes(9));
        await RunEndsAsync(run, "m2", "succeeded", changed: true);
        await TurnAsync();
        Assert.Null(await OrderedAsync(action));
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await TurnAsync();
        Assert.Equal("products.refresh,repositories.refresh,hardware.refresh", await OrderedAsync(action));

        await RunEndsAsync(run, "m3", "succeeded", changed: true);
        await TurnAsync();
        await AnswerAsync();
        Assert.Equal((3, 0, 0), await CountsAsync(action));
        Assert.Equal("2,2,2,1,1,1", await database.ScalarAsync<string>(
            $"select string_agg(c.total::text, ',' order by a.id) from action a join action_counts c "
            + $"on c.action_id = a.id where a.created_by = 'action {action}'"));
    }

    [Fact]
    public async Task Restarts_are_collected_for_a_minute()
    {
        var action = await OrderAsync(Reboot);
        await rig.DispatchAsync();
        var run = LastSent;
        await RunEndsAsync(run, "m1", "succeeded", changed: true);
        await TurnAsync();
        await RunEndsAsync(run, "m2", "succeeded", changed: true);
        await TurnAsync();
        Assert.Null(await OrderedAsync(action));
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await TurnAsync();

        Assert.Equal("system.reboot", await OrderedAsync(action));
        Assert.Equal(2, await database.ScalarAsync<int>(
            "select c.total from action a join action_counts c on c.action_id = a.id where a.kind = 'system.reboot'"));
    }
}
