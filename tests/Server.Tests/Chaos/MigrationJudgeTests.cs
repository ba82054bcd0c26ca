using Saltern.Chaos;
using Saltern.Chaos.Migrations;
using Saltern.Simulator.Software;

namespace Saltern.Server.Tests.Chaos;

/// <summary>Each thing that the judge of migrations is to find, it finds.</summary>
public sealed class MigrationJudgeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static string Old => Ladder.Labels(1);

    private static string New => Ladder.Labels(2);

    [Theory]
    [InlineData("succeeded", true)]
    [InlineData("nothing_to_do", false)]
    public void New_channels_after_a_real_run_that_succeeded_are_right(string outcome, bool changed) =>
        AssertRight(Of(Change("Kept"), New, Run(outcome, changed)));

    [Fact]
    public void Channels_of_before_after_a_real_run_that_changed_nothing_are_right() =>
        AssertRight(Of(Change("Reverted"), Old, Run("failed", changed: false)));

    [Fact]
    public void New_channels_to_look_at_after_a_run_that_ended_half_way_are_right() =>
        AssertRight(Of(Change("Kept") with { Attention = "half-way" }, New, Run("failed", changed: true)));

    [Fact]
    public void Channels_of_before_after_a_dry_run_are_right() =>
        AssertRight(Of(Change("Reverted") with { DryRun = true }, Old, Run("succeeded", changed: false, dry: true)));

    [Fact]
    public void New_channels_after_a_dry_run_are_found() => AssertWrong(
        Of(Change("Kept") with { DryRun = true }, New, Run("succeeded", changed: false, dry: true)));

    [Fact]
    public void New_channels_after_a_run_that_changed_nothing_are_found() =>
        AssertWrong(Of(Change("Kept"), New, Run("failed", changed: false)));

    [Fact]
    public void Channels_of_before_after_a_run_that_changed_a_package_are_found() =>
        AssertWrong(Of(Change("Reverted"), Old, Run("failed", changed: true)));

    [Fact]
    public void A_minion_that_has_other_channels_than_on_record_is_found() =>
        AssertWrong(Of(Change("Reverted"), Old, Run("failed", changed: false)) with { Software = Software(New) });

    [Fact]
    public void A_record_that_nobody_wrote_is_found() =>
        AssertWrong(Of(Change("Reverted"), Old, Run("failed", changed: false)) with { Assigned = New });

    [Fact]
    public void A_repository_of_somebody_else_that_is_gone_is_found()
    {
        var software = Software(Old);
        AssertWrong(Of(Change("Reverted"), Old) with
        {
            Software = software with { Repositories = [.. software.Repositories.Skip(1)] },
        });
    }

    [Fact]
    public void What_a_person_assigns_is_what_is_to_be_there()
    {
        var minion = Of(Change("Kept"), Old, Run("succeeded", changed: true));

        AssertRight(minion with { Entries = [.. minion.Entries, Assigned(Old, "user")] });
        Assert.True((minion with { Entries = [.. minion.Entries, Assigned(Old, "user")] }).IsLeftToPerson);
        Assert.False(minion.IsLeftToPerson);
    }

    [Theory]
    [InlineData("Kept", false)]
    [InlineData("Reverting", false)]
    [InlineData("Reverted", true)]
    public void Channels_of_a_person_are_left_to_that_person_until_a_run_has_brought_others(string state, bool left)
    {
        var minion = Of(Change(state), Old);
        var after = new JournalEntry("east", "minion0004", "change", 3, "run", state);

        Assert.Equal(left, (minion with
        {
            Entries = [.. minion.Entries, Assigned(New, "user"), after, Assigned(New, "saltern, for action 7")],
        }).IsLeftToPerson);
    }

    [Fact]
    public void What_nobody_can_tell_is_told_apart_and_only_where_an_earlier_run_is_not_known()
    {
        var kept = Change("Kept") with { Attention = "not known" };

        var explained = Judge(Of(kept with { Unproven = true }, New, Run("failed", changed: false)));
        Assert.True(explained.IsRight);
        Assert.Single(explained.NobodyKnew);
        AssertWrong(Of(kept, New, Run("failed", changed: false)));
    }

    [Fact]
    public void A_change_that_is_not_decided_and_a_minion_that_is_still_held_are_lost()
    {
        Assert.Single(Judge(Of(Change("Kept"), New, Run("succeeded", changed: true)) with { Hold = "held" }).Lost);
        Assert.Single(Judge(Of(Change("Unknown"), New, Run("succeeded", changed: true))).Lost);
    }

    [Fact]
    public void A_run_of_no_change_and_one_that_was_begun_twice_are_found()
    {
        Assert.Single(Judge(Of(
            Change("Kept"), New, Run("succeeded", changed: true), Run("failed", changed: false) with
            {
                RunId = "other", StartedAt = Noon.AddHours(1), EndedAt = Noon.AddHours(2),
            })).RunTwice);
        Assert.Single(Judge(Of(
            Change("Kept"), New, Run("succeeded", changed: true) with { TimesBegun = 2 })).RunTwice);
    }

    [Fact]
    public void A_run_with_other_channels_than_those_on_record_is_found() => AssertWrong(
        Of(Change("Kept"), New, Run("succeeded", changed: true) with { Channels = Old.Split(' ') }));

    [Fact]
    public void What_begins_in_the_middle_of_a_real_run_is_found_and_what_begins_after_it_is_not()
    {
        ChannelSettingView Set(double minutes, string run) => new(Noon.AddMinutes(minutes), "jid", run, New.Split(' '));
        var minion = Of(Change("Kept"), New, Run("succeeded", changed: true));
        MinionEnd With(ChannelSettingView set) => minion with
        {
            Software = minion.Software with { ChannelsSet = [set] },
        };

        Assert.Single(Judge(With(Set(1, ""))).Overlapped);
        AssertRight(With(Set(1, "run")));
        AssertRight(With(Set(5, "")));
        Assert.Single(Judge(Of(
            Change("Kept"), New, Run("succeeded", changed: true),
            Run("succeeded", changed: false, dry: true) with
            {
                RunId = "other", StartedAt = Noon.AddMinutes(1), EndedAt = Noon.AddMinutes(2),
            })).Overlapped);
    }

    [Fact]
    public void What_was_handed_out_to_a_minion_that_is_held_is_found()
    {
        var minion = Of(Change("Kept"), New, Run("succeeded", changed: true));
        var against = new JournalEntry("east", "minion0004", "held", null, "its channels are changed", "17");

        Assert.Single(Judge(minion with { Entries = [.. minion.Entries, against] }).Overlapped);
    }

    private static void AssertRight(MinionEnd minion)
    {
        var verdict = Judge(minion);
        Assert.True(verdict.IsRight, string.Join('\n', verdict.WrongChannels.Concat(verdict.Lost)));
        Assert.Empty(verdict.NobodyKnew);
    }

    private static void AssertWrong(MinionEnd minion) => Assert.NotEmpty(Judge(minion).WrongChannels);

    private static Verdict Judge(MinionEnd minion)
    {
        var verdict = new Verdict();
        MigrationJudge.Judge([minion], verdict);
        return verdict;
    }

    /// <summary>A minion that had the old channels, and one change to the new ones.</summary>
    private static MinionEnd Of(ChangeEnd change, string has, params DupRunView[] runs) => new()
    {
        Master = "east",
        Minion = "minion0004",
        Software = Software(has) with { Runs = runs },
        Assigned = has,
        Hold = null,
        Entries = [Assigned(Old, Ladder.Actor), new("east", "minion0004", "change", change.Id, "run", "Open")],
        Changes = [change],
    };

    private static SoftwareView Software(string labels) => new(
        Ladder.Products,
        [
            Ladder.Repositories[0],
            .. labels.Split(' ').Select(label => new SimulatedRepository($"saltern:{label}", "https://x.example.com/")),
        ],
        new DupSetting(), [], []);

    private static JournalEntry Assigned(string labels, string actor) =>
        new("east", "minion0004", "assigned", null, labels, actor);

    private static ChangeEnd Change(string state) => new()
    {
        Id = 3,
        Action = 7,
        Master = "east",
        Minion = "minion0004",
        DryRun = false,
        Before = Old,
        After = New,
        State = state,
        Attention = null,
        Unproven = false,
        Reason = null,
        ByPerson = false,
    };

    private static DupRunView Run(string outcome, bool changed, bool dry = false) => new(
        "minion0004", "run", dry, "jid", Noon, Noon.AddMinutes(3), 1, 1, outcome, null, changed, New.Split(' '));
}
