using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

/// <summary>What recorded returns of states, commands and failures mean.</summary>
public sealed class ResultShapesTests
{
    private const string Shapes = "08-result-shapes";

    [Theory]
    [InlineData("state.apply, success", 1, 1, 0, 0)]
    [InlineData("state.apply, one state fails", 1, 0, 0, 2)]
    [InlineData("state.apply, a state module that is not there", 0, 0, 0, 1)]
    [InlineData("state.apply test=True", 0, 0, 1, 0)]
    [InlineData("state.apply with queue=True", 1, 1, 0, 0)]
    public void A_state_run_is_counted(string note, int ok, int changed, int wouldChange, int failed)
    {
        var ran = Assert.IsType<StateReading.Ran>(StateReading.Of(Return(Shapes, note).Return));

        Assert.Equal((ok, changed, wouldChange, failed), (ran.Ok, ran.Changed, ran.WouldChange, ran.Failed));
        Assert.Equal(failed, ran.Failures.Count);
    }

    [Fact]
    public void Failed_states_are_named_in_the_order_they_ran()
    {
        var ran = Assert.IsType<StateReading.Ran>(
            StateReading.Of(Return(Shapes, "state.apply, one state fails").Return));

        Assert.Equal(
            [
                new FailedState("lab_fails", "fails", "test.fail_without_changes", "Failure!"),
                new FailedState(
                    "lab_after", "after", "test.succeed_without_changes",
                    "One or more requisite failed: fails.lab_fails"),
            ],
            ran.Failures);
    }

    [Theory]
    [InlineData("state.apply, render error (jinja)", "Rendering SLS 'base:badrender' failed: Jinja variable")]
    [InlineData("state.apply, render error (yaml)", "Rendering SLS 'base:badyaml' failed")]
    [InlineData("state.apply, an sls that does not exist", "No matching sls found for 'nosuchsls'")]
    public void A_run_whose_states_cannot_be_rendered_says_so(string note, string error)
    {
        var notRendered = Assert.IsType<StateReading.NotRendered>(StateReading.Of(Return(Shapes, note).Return));

        Assert.StartsWith(error, Assert.Single(notRendered.Errors));
    }

    [Fact]
    public void Another_state_run_going_on_is_busy()
    {
        var answer = Return(Shapes, "state.apply while another one runs on the minion");

        Assert.Contains("is running as PID", Assert.IsType<StateReading.Busy>(StateReading.Of(answer.Return)).Reason);
    }

    [Theory]
    [InlineData("\"text\"")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("[1,{}]")]
    [InlineData("""{"a_|-b_|-c_|-d":{"changes":{}}}""")]
    [InlineData("""{"local":{"a_|-b_|-c_|-d":{"result":true}}}""")]
    [InlineData("""{"a_|-b_|-c_|-d":{"result":"true"}}""")]
    [InlineData("""{"a":7}""")]
    public void What_no_state_run_returns_is_unreadable(string result) =>
        Assert.IsType<StateReading.Unreadable>(StateReading.Of(JsonElement.Parse(result)));

    [Fact]
    public void A_result_that_is_not_there_is_unreadable() =>
        Assert.IsType<StateReading.Unreadable>(StateReading.Of(default));

    [Fact]
    public void A_state_that_lacks_its_fields_is_named_by_its_key_and_a_list_for_a_comment_is_joined()
    {
        var ran = Assert.IsType<StateReading.Ran>(StateReading.Of(JsonElement.Parse(
            """{"pkg_|-id_|-na_|-me_|-installed":{"result":false,"comment":["a","b"]},"odd":{"result":false}}""")));

        Assert.Equal([new("id", "na", "pkg.installed", "a\nb"), new("odd", "odd", "", "")], ran.Failures);
    }

    [Fact]
    public void Thousands_of_failed_states_are_counted_and_a_hundred_named()
    {
        var states = new JsonObject();
        for (var i = 0; i < 5_000; i++)
        {
            states[$"test_|-{i}_|-n_|-nop"] = new JsonObject
            {
                ["result"] = false, ["__run_num__"] = 5_000 - i, ["comment"] = new string('x', 5_000),
            };
        }

        var ran = Assert.IsType<StateReading.Ran>(StateReading.Of(JsonElement.Parse(states.ToJsonString())));

        Assert.Equal((5_000, 100), (ran.Failed, ran.Failures.Count));
        Assert.Equal("4999", ran.Failures[0].Id);
        Assert.True(ran.Failures[0].Comment.Length < 2_100);
    }

    [Theory]
    [InlineData("a module function that is not there", "MissingFunction", "'nosuch.function' is not available.")]
    [InlineData(
        "wrong arguments", "InvalidArguments",
        "Passed invalid arguments to cmd.run: run() missing 1 required positional argument: 'cmd'")]
    [InlineData("test.exception", "Exception", "The minion function caused an exception: Exception: boom")]
    public void A_failure_of_the_call_itself_is_told_apart(string note, string kind, string reason)
    {
        var answer = Return(Shapes, note);

        Assert.Equal(new MinionFault(Enum.Parse<MinionFaultKind>(kind), reason), MinionFault.Find(answer));
        Assert.False(CommandResult.TryRead(answer, out _));
    }

    [Fact]
    public void A_module_that_gave_up_is_an_error_with_its_words()
    {
        var row = Recording.RowAfter("15-zypper-dup-unavailable", "dist_upgrade, repository unavailable");
        var answer = Parse(new JsonObject
        {
            ["fun"] = row["fun"]!.DeepClone(),
            ["retcode"] = row["retcode"]!.DeepClone(),
            ["success"] = false,
            ["out"] = "nested",
            ["return"] = row["return"]!.DeepClone(),
        }.ToJsonString());

        var fault = MinionFault.Find(answer)!;

        Assert.Equal(MinionFaultKind.Error, fault.Kind);
        Assert.StartsWith("ERROR: Problem encountered upgrading packages.", fault.Reason);
        Assert.True(fault.Reason.Length <= 2_001);
    }

    [Theory]
    [InlineData("\"'foo' __virtual__ returned False: no foo\"", "MissingFunction")]
    [InlineData("""{"x.y":"'x.y' is not available.","x.z":"Documentation"}""", "MissingFunction")]
    [InlineData("\"Command required for 'x.y' not found: zypper\"", "MissingCommand")]
    [InlineData("\"ERROR executing 'x.y': bad\"", "InvalidArguments")]
    [InlineData("\"something else\"", null)]
    [InlineData("""{"x.z":"Documentation"}""", null)]
    [InlineData("null", null)]
    public void Other_words_of_a_minion_that_could_not_call_are_known(string result, string? expected)
    {
        var fault = MinionFault.Find(Parse(
            $$"""{"fun":"x.y","retcode":1,"success":false,"out":"nested","return":{{result}}}"""));

        Assert.Equal(expected, fault?.Kind.ToString());
    }

    [Theory]
    [InlineData("""{"fun":"cmd.run","retcode":1,"success":false,"return":"ERROR: from the command"}""")]
    [InlineData("""{"fun":"cmd.run","retcode":0,"success":true,"out":"nested","return":"ERROR: quoted"}""")]
    public void What_a_command_prints_is_no_failure_of_the_call(string raw)
    {
        Assert.Null(MinionFault.Find(Parse(raw)));
        Assert.True(CommandResult.TryRead(Parse(raw), out _));
    }

    [Theory]
    [InlineData("cmd.run, exit 3", "out\nerr", "", 3, false)]
    [InlineData("cmd.run_all, exit 3", "out", "err", 3, false)]
    [InlineData("cmd.run, timeout", "sleep 20 : Timed out after 2 seconds", "", 0, true)]
    [InlineData("unicode, newlines and quotes in the output", "héllo € \"q\" \n tab\t end", "", 0, false)]
    public void A_command_is_read(string note, string output, string error, int exitCode, bool timedOut)
    {
        Assert.True(CommandResult.TryRead(Return(Shapes, note), out var command));

        Assert.Equal((output, error), (command.StandardOutput, command.StandardError));
        Assert.Equal((exitCode, timedOut), (command.ExitCode, command.TimedOut));
        Assert.Equal(exitCode == 0 && !timedOut, command.Succeeded);
    }

    // The shapes of salt/modules/cmdmod.py: a command that ran out of time returns before the retcode of the return
    // is set, so the return says 0 whatever the object says.
    [Theory]
    [InlineData("\"x : Timed out after 2 seconds\"", """["x",{"timeout":2}]""", true)]
    [InlineData("\"x : Timed out after 2.5 seconds\"", """["x",{"timeout":"2.5"}]""", true)]
    [InlineData("\"x : Timed out after 2 seconds\"", """["x","timeout=2"]""", true)]
    [InlineData("\"x : Timed out after 2 seconds\"", """["x",{"timeout":3}]""", false)]
    [InlineData("\"x : Timed out after 2 seconds\"", """["x"]""", false)]
    [InlineData("\"x : Timed out after 2 seconds\"", "null", true)]
    [InlineData("\"x : Timed out after 2 seconds, twice\"", """["x",{"timeout":2}]""", false)]
    [InlineData(
        """{"pid":7,"retcode":1,"stdout":"x : Timed out after 2 seconds","stderr":""}""", """[{"timeout":2}]""", true)]
    [InlineData(
        """{"pid":7,"retcode":0,"stdout":"x : Timed out after 2 seconds","stderr":""}""", """[{"timeout":2}]""", false)]
    [InlineData(
        """{"pid":7,"retcode":1,"stdout":"x : Timed out after 2 seconds","stderr":"e"}""", """[{"timeout":2}]""",
        false)]
    [InlineData(
        """{"pid":7,"retcode":null,"stdout":"x","stderr":"SALT: Timeout after 2s\n"}""", """[{"timeout":2}]""", true)]
    public void A_command_that_ran_into_its_time_out_did_not_succeed(string result, string arguments, bool timedOut)
    {
        var answer = Parse($$"""{"retcode":0,"success":true,"return":{{result}},"fun_args":{{arguments}}}""");

        Assert.True(CommandResult.TryRead(answer, out var command));

        Assert.Equal(timedOut, command.TimedOut);
        Assert.False(command.Succeeded && timedOut);
    }

    [Fact]
    public void A_script_that_could_not_be_fetched_did_not_run()
    {
        var answer = Parse("""
            {"retcode":0,"success":true,
             "return":{"pid":0,"retcode":1,"stdout":"","stderr":"","cache_error":true}}
            """);

        Assert.True(CommandResult.TryRead(answer, out var command));
        Assert.True(command.NotFetched);
        Assert.False(command.Succeeded);
    }

    [Theory]
    [InlineData("test.false")]
    [InlineData("state.apply, success")]
    public void Another_result_is_not_that_of_a_command(string note) =>
        Assert.False(CommandResult.TryRead(Return(Shapes, note), out _));

    private static MinionReturn Return(string recording, string note) => Parse(Recording.ReturnAfter(recording, note));

    private static MinionReturn Parse(string raw) => MinionReturn.TryParse(raw, out var parsed, out var reason)
        ? parsed
        : throw new InvalidOperationException(reason);
}
