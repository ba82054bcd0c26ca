using System.Text.Json.Nodes;
using Saltern.Server.Salt;
using Saltern.Server.Tests.Salt;
using Xunit;
using static Saltern.Server.Tests.Actions.KindsUnderTest;

namespace Saltern.Server.Tests.Actions;

/// <summary>What the kinds make of returns recorded from real minions.</summary>
public sealed class KindsRecordedReturnsTests
{
    private const string Shapes = "08-result-shapes";

    [Theory]
    [InlineData("state.apply, success", "Completed: 1 state, 1 changed")]
    [InlineData("state.apply, one state fails",
        "Failed: 2 of 3 states failed: lab_fails (Failure!), "
        + "lab_after (One or more requisite failed: fails.lab_fails)")]
    [InlineData("state.apply, render error (jinja)",
        "Failed: Rendering SLS 'base:badrender' failed: Jinja variable 'undefined_thing' is undefined; line 3")]
    [InlineData("state.apply, render error (yaml)",
        "Failed: Rendering SLS 'base:badyaml' failed: mapping values are not allowed in this context")]
    [InlineData("state.apply, an sls that does not exist",
        "Failed: No matching sls found for 'nosuchsls' in env 'base'")]
    [InlineData("state.apply, a state module that is not there",
        "Failed: 1 of 1 state failed: lab_nofunc (State 'nosuchstate.installed' was not found in SLS 'nofunc')")]
    [InlineData("state.apply test=True", "Completed: 1 state, 0 changed, 1 would change (test)")]
    [InlineData("state.apply with queue=True", "Completed: 1 state, 1 changed")]
    [InlineData("state.apply while another one runs on the minion",
        "Busy: The function \"state.apply\" is running as PID 18995 and was started at 2026, Nov 22 04:24:48.107236 "
        + "with jid 20261122042448107236")]
    public void State_apply_reads_what_a_minion_returned(string note, string expected) =>
        Assert.Equal(expected, Told(Get("state.apply").Read(Json("{}"), Recorded(note))));

    [Theory]
    [InlineData("cmd.run, exit 3", "cmd.run", "Failed: exit code 3: err")]
    [InlineData("cmd.run_all, exit 3", "cmd.run_all", "Failed: exit code 3: err")]
    [InlineData("test.false", "test.false", "Failed: test.false returned false")]
    [InlineData("a module function that is not there", "nosuch.function",
        "Failed: missing on the minion: 'nosuch.function' is not available.")]
    [InlineData("wrong arguments", "cmd.run",
        "Failed: Passed invalid arguments to cmd.run: run() missing 1 required positional argument: 'cmd'")]
    [InlineData("test.exception", "test.exception",
        "Failed: The minion function caused an exception: Exception: boom")]
    [InlineData("cmd.run, timeout", "cmd.run", "Failed: stopped after its time-out; its output is lost")]
    [InlineData("unicode, newlines and quotes in the output", "cmd.run", "Completed: exit code 0")]
    [InlineData("state.apply, success", "state.apply", "Completed: 1 state, 1 changed")]
    [InlineData("state.apply, one state fails", "state.apply",
        "Failed: 2 of 3 states failed: lab_fails (Failure!), "
        + "lab_after (One or more requisite failed: fails.lab_fails)")]
    public void Salt_call_reads_what_a_minion_returned(string note, string function, string expected) =>
        Assert.Equal(
            expected, Told(Get("salt.call").Read(Json($$"""{"function":"{{function}}"}"""), Recorded(note))));

    [Fact]
    public void A_function_that_asks_a_question_may_answer_false() =>
        Assert.Equal("Completed: false", Told(Get("salt.call").Read(
            Json("""{"function":"test.false","falseIsAnAnswer":true}"""), Recorded("test.false"))));

    [Fact]
    public void A_script_is_read_by_the_exit_code_a_minion_returned() =>
        Assert.Equal("Failed: exit code 3: err", Told(Get("script.run").Read(
            Json("""{"script":"x"}"""), Recorded("cmd.run_all, exit 3"))));

    [Theory]
    [InlineData("13-zypper-dup", "dist_upgrade: dup removes labconf, it does not fail",
        "Completed: 2 updated, 1 removed (packages)")]
    [InlineData("13-zypper-dup", "dist_upgrade dryrun, fromrepo that does not exist",
        "Failed: Problem encountered upgrading packages: "
        + "Repository 'nosuchrepo' not found by its alias, number, or URI.")]
    [InlineData("14-zypper-dup-problems", "dist_upgrade, dryrun=False",
        "Failed: Problem encountered upgrading packages: Problem: nothing provides labmissing needed by "
        + "labconf-2.0-1.noarch")]
    [InlineData("14-zypper-dup-problems", "another zypper holds the lock for 12 s", "Completed: 1 updated (packages)")]
    [InlineData("15-zypper-dup-unavailable", "dist_upgrade, repository unavailable",
        "Failed: Problem encountered upgrading packages: "
        + "Specified path '/REPOS/sp2' is not a directory: file:/REPOS/sp2")]
    [InlineData("15-zypper-dup-unavailable", "dist_upgrade, a package cannot be fetched",
        "Failed: Problem encountered upgrading packages: File './labtool-2.0-1.noarch.rpm' not found on medium "
        + "'file:/REPOS/sp2' (1 package changed before that)")]
    public void Package_update_reads_what_zypper_said(string recording, string note, string expected) =>
        Assert.Equal(expected, Told(Get("package.update").Read(Json("{}"), Zypper(recording, note))));

    [Fact]
    public void A_failed_state_shows_the_point_of_zyppers_report() =>
        Assert.Equal(
            "Failed: 1 of 1 state failed: mgr_dup (Module function pkg.upgrade threw an exception. Exception: Problem "
            + "encountered upgrading packages: Problem: nothing provides labmissing needed by labconf-2.0-1…)",
            Told(Get("state.apply").Read(Json("{}"), Zypper("14-zypper-dup-problems", "state.apply"))));

    [Fact]
    public void A_state_run_that_says_it_succeeded_though_one_failed_has_failed() =>
        Assert.StartsWith("Failed: 1 of 1 state failed", Told(Get("state.apply").Read(
            Json("{}"), Return("""{"a_|-b_|-c_|-d":{"result":false,"comment":["x","y"],"changes":{}}}"""))));

    private static MinionReturn Recorded(string note) => Parsed(Recording.ReturnAfter(Shapes, note));

    // These recordings kept only some columns of the return.
    private static MinionReturn Zypper(string recording, string note)
    {
        var row = Recording.Rows(recording, note).First(row => row.ContainsKey("retcode"));
        return Parsed(new JsonObject
        {
            ["id"] = row["id"]?.DeepClone(),
            ["fun"] = row["fun"]?.DeepClone(),
            ["success"] = row["success"]?.GetValue<string>() == "true",
            ["retcode"] = row["retcode"]?.DeepClone(),
            ["return"] = row["return"]?.DeepClone(),
        }.ToJsonString());
    }
}
