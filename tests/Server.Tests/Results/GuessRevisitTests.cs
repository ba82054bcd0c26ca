using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Results;

namespace Saltern.Server.Tests.Results;

/// <summary>Returns that came after a guess, and that the inbox never heard of.</summary>
public sealed class GuessRevisitTests(PostgresServer server) : OverdueGround(server)
{
    [Fact]
    public async Task A_return_that_came_while_the_trigger_was_gone_replaces_the_guess()
    {
        var (action, jid) = await GuessedAsync();
        await ReturnUnheardAsync(jid);

        Assert.Equal(1, await RevisitAsync());

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.False(await database.ScalarAsync<bool>("select guessed from action_target where minion_key = 1"));
        Assert.Equal(0, await RevisitAsync());
    }

    [Fact]
    public async Task A_return_of_an_attempt_before_the_last_replaces_the_guess_too()
    {
        var (action, first) = await LoseAsync(order => order with { MaxAttempts = 2 });
        await PassAsync(TimeSpan.FromMinutes(2));
        await PassAsync(TimeSpan.FromHours(2));
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        await ReturnUnheardAsync(first);

        Assert.Equal(1, await RevisitAsync());

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
        Assert.Equal(0, await RevisitAsync());
    }

    [Fact]
    public async Task A_return_that_waits_in_the_inbox_is_not_put_there_again()
    {
        var (_, jid) = await GuessedAsync();
        await rig.ReturnAsync(jid, "m1");

        Assert.Equal(0, await rig.Get<GuessRevisit>().RunOnceAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_guess_of_long_ago_is_left()
    {
        var (action, jid) = await GuessedAsync();
        await ReturnUnheardAsync(jid);
        rig.Clock.Advance(TimeSpan.FromDays(7.1));

        Assert.Equal(0, await RevisitAsync());

        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
    }

    private async Task<(ActionId Action, string Jid)> GuessedAsync()
    {
        var (action, jid) = await OverdueAsync(change: order => order with { MaxAttempts = 1 });
        await MissingTwiceAsync("m1");
        await AnswerAsync("m1", NotCached);
        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);
        return (action, jid);
    }

    private async Task ReturnUnheardAsync(string jid)
    {
        await database.ExecuteAsync("alter table salt.salt_returns disable trigger take_return");
        await rig.ReturnAsync(jid, "m1");
        await database.ExecuteAsync("alter table salt.salt_returns enable trigger take_return");
    }

    private async Task<int> RevisitAsync()
    {
        var found = await rig.Get<GuessRevisit>().RunOnceAsync(CancellationToken.None);
        await rig.SettleAsync();
        return found;
    }
}
