using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.Tests.Rig;
using Xunit;

namespace Saltern.Server.Tests.Results;

/// <summary>A reboot asks for the boot id before and after; a return or a start event proves nothing.</summary>
public sealed class RebootTests(PostgresServer server) : CoreGround(server, minions: 1)
{
    private ActionId action;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        action = await rig.ScheduleAsync("system.reboot");
    }

    [Fact]
    public async Task The_boot_id_is_asked_for_before_anything_is_rebooted()
    {
        await rig.DispatchAsync();
        Assert.Equal("file.read", Assert.Single(rig.Salt[0].Submissions).Function);
        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);

        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        await rig.DispatchAsync();

        Assert.Equal("system.reboot", rig.Salt[0].Submissions.Last().Function);
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task It_ends_when_the_boot_id_differs_and_not_before()
    {
        await rig.DispatchAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        await rig.DispatchAsync();
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1", "\"Shutdown scheduled\"", 0, "system.reboot");
        await rig.SettleAsync();
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);

        await AskAgainAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
        await AskAgainAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000002");

        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
        Assert.Equal(0, await database.ScalarAsync<long>("select sum(outstanding)::bigint from submission"));
    }

    [Fact]
    public async Task A_copy_of_an_answer_from_before_the_restart_says_nothing_when_the_deadline_is_over()
    {
        await rig.DispatchAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        await rig.DispatchAsync();
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1", "\"Shutdown scheduled\"", 0, "system.reboot");
        await rig.SettleAsync();
        await AskAgainAsync();
        var old = rig.Salt[0].Submissions.Last().Jid;
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        rig.Clock.Advance(TimeSpan.FromHours(6));

        await rig.ReturnAsync(old, "m1", "\"0aa856f6-0000-4000-8000-000000000001\\n\"", 0, "file.read");
        await rig.SettleAsync();
        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);

        await AskAgainAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000002");
        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
    }

    [Fact]
    public async Task An_answer_that_is_none_reboots_nothing()
    {
        await rig.DispatchAsync();
        await rig.ReturnAsync(
            rig.Salt[0].Submissions.Last().Jid, "m1", "\"ERROR\"", 1, "file.read");
        await rig.SettleAsync();
        await rig.DispatchAsync();
        Assert.Single(rig.Salt[0].Submissions);

        await AskAgainAsync();
        await AnswerAsync("\\u0000");
        await rig.DispatchAsync();

        Assert.Equal("Queued", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task An_ask_that_nobody_answers_is_asked_again_until_the_deadline()
    {
        await rig.DispatchAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        await rig.DispatchAsync();
        for (var round = 0; round < 3; round++)
        {
            await AskAgainAsync();
            Assert.Equal("file.read", rig.Salt[0].Submissions.Last().Function);
        }

        Assert.Equal(5, rig.Salt[0].Submissions.Count);
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000002");
        Assert.Equal("Completed", (await rig.ReadAsync(action)).Status);
    }

    [Fact]
    public async Task Rescheduling_others_takes_nothing_from_a_target_whose_boot_id_is_still_asked_for()
    {
        await rig.AddMinionsAsync(1, "n{0}");
        await rig.Get<Cancelling>().CancelAsync(action, null, "ann", CancellationToken.None);
        action = await rig.ScheduleAsync("system.reboot", target: new TargetSelection { Minions = ["m1", "n1"] });
        await rig.Get<Cancelling>().CancelAsync(action, ["n1"], "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        await rig.DispatchAsync();
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1", "\"Shutdown scheduled\"", 0, "system.reboot");
        await rig.SettleAsync();

        Assert.IsType<OrderOutcome.Done>(await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.All, null, "ann", CancellationToken.None));
        rig.Clock.Advance(TimeSpan.FromMinutes(1));
        await rig.DispatchAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000002");

        Assert.Equal("Completed", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_late_answer_to_an_ask_of_an_earlier_attempt_decides_nothing()
    {
        await rig.DispatchAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        await rig.DispatchAsync();
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1", "\"Shutdown scheduled\"", 0, "system.reboot");
        await rig.SettleAsync();
        await AskAgainAsync();
        var early = rig.Salt[0].Submissions.Last().Jid;
        rig.Clock.Advance(TimeSpan.FromDays(1));
        await rig.GiveUpAsync();
        await rig.Get<Rescheduling>().RescheduleAsync(
            action, RescheduleScope.Failed, null, "ann", CancellationToken.None);
        await rig.DispatchAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000002");
        await rig.DispatchAsync();
        Assert.Equal("system.reboot", rig.Salt[0].Submissions.Last().Function);

        await rig.ReturnAsync(early, "m1", "\"0aa856f6-0000-4000-8000-000000000001\"", 0, "file.read");
        await rig.SettleAsync();

        Assert.Equal("PickedUp", (await rig.StatusesAsync(action))["m1"]);
    }

    [Fact]
    public async Task A_reboot_that_returns_after_its_deadline_says_what_is_known_and_stays_a_guess()
    {
        await rig.DispatchAsync();
        await AnswerAsync("0aa856f6-0000-4000-8000-000000000001");
        await rig.DispatchAsync();
        var jid = rig.Salt[0].Submissions.Last(one => one.Function == "system.reboot").Jid;
        rig.Clock.Advance(TimeSpan.FromDays(1));
        await rig.GiveUpAsync();
        Assert.Equal("Failed", (await rig.StatusesAsync(action))["m1"]);

        for (var times = 0; times < 2; times++)
        {
            await rig.ReturnAsync(jid, "m1", "\"Shutdown scheduled\"", 0, "system.reboot");
            await rig.SettleAsync();
        }

        Assert.Contains(
            "was not asked any more", await database.ScalarAsync<string>("select reason from action_target"));
        Assert.True(await database.ScalarAsync<bool>("select guessed from action_target"));
        Assert.Equal(1, await database.ScalarAsync<int>("select repeats from action_target"));
    }

    private async Task AskAgainAsync()
    {
        // First the ask that nobody answered is given up, then, after a pause, the next one goes out.
        for (var minute = 0; minute < 2; minute++)
        {
            rig.Clock.Advance(TimeSpan.FromMinutes(1));
            await rig.DispatchAsync();
        }
    }

    private async Task AnswerAsync(string bootId)
    {
        await rig.ReturnAsync(rig.Salt[0].Submissions.Last().Jid, "m1", $"\"{bootId}\\n\"", 0, "file.read");
        await rig.SettleAsync();
    }
}
