using Saltern.Server.Actions;
using Xunit;
using static Saltern.Server.Tests.Actions.KindsUnderTest;

namespace Saltern.Server.Tests.Actions;

/// <summary>What the kinds make of returns that no recording has.</summary>
public sealed class KindsReadingTests
{
    private const string BootA = "0b6a1f9e-3a55-4c7e-9a3f-0d2f9a1c7e11";
    private const string BootB = "7d1c7a52-90d3-4f0e-8a55-1c1e9d6f2b42";

    [Theory]
    [InlineData("ERROR: Zypper command failure: System management is locked by the application with pid 4711 "
        + "(zypper).\nx",
        "Busy: System management is locked by the application with pid 4711 (zypper).")]
    [InlineData("ERROR: Problem encountered installing package(s). Additional info follows:\n\n"
        + "changes:\n    ----------\n"
        + "errors:\n    - E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)",
        "Busy: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)")]
    [InlineData("ERROR: Problem encountered installing package(s). Additional info follows:\n\n"
        + "changes:\n    ----------\n"
        + "    vim:\n        ----------\n        new:\n            9\n        old:\n"
        + "errors:\n    - E: Could not get lock /a",
        "Failed: Problem encountered installing package(s): E: Could not get lock /a (1 package changed before that)")]
    [InlineData("ERROR: Problem encountered installing package(s). Additional info follows:\n\n"
        + "changes:\n    ----------\n"
        + "errors:\n    - E: Unable to locate package nosuch",
        "Failed: Problem encountered installing package(s): E: Unable to locate package nosuch")]
    public void A_held_lock_is_busy_only_while_nothing_changed(string text, string expected)
    {
        var returned = Return(Text(text), retcode: 1, outputter: "nested");

        Assert.Equal(expected, Told(Get("package.install").Read(Json("{}"), returned)));
        Assert.Equal(expected, Told(Get("package.remove").Read(Json("{}"), returned)));
        Assert.Equal(expected, Told(Get("package.update").Read(Json("{}"), returned)));
    }

    [Theory]
    [InlineData("{}", "Completed: nothing to do")]
    [InlineData("""{"hello":{"old":"","new":"2.10-3"}}""", "Completed: 1 installed (packages)")]
    [InlineData("""{"a":{"old":"1","new":""},"b":{"old":"1","new":"2"},"c":{"new":"1"},"d":7,"e":{}}""",
        "Completed: 1 installed, 1 updated, 1 removed, 2 changed (packages)")]
    [InlineData("\"odd\"", "Failed: the result is no list of packages: odd")]
    [InlineData("null", "Failed: the result is no list of packages: null")]
    public void Changed_packages_are_counted(string result, string expected) =>
        Assert.Equal(expected, Told(Get("package.install").Read(Json("{}"), Return(result))));

    [Fact]
    public void Updating_named_packages_tells_which_are_not_installed() =>
        Assert.Equal("Completed: 1 updated (packages); not installed: nosuch", Told(Get("package.update").Read(
            Json("""{"packages":["bash","nosuch"]}"""),
            Return("""
                {"pkg_|-saltern_packages_|-saltern_packages_|-latest":{"__id__":"saltern_packages","result":true,
                 "name":"saltern_packages","changes":{"bash":{"old":"1","new":"2"}},"comment":"x","__run_num__":0},
                 "test_|-saltern_not_installed_|-nosuch_|-succeed_without_changes":{"__id__":"saltern_not_installed",
                 "result":true,"name":"nosuch","changes":{},"comment":"Success!","__run_num__":1}}
                """))));

    [Fact]
    public void Updating_named_packages_waits_for_a_lock() =>
        Assert.Equal("Busy: Could not get lock /var/lib/dpkg/lock", Told(Get("package.update").Read(
            Json("""{"packages":["bash"]}"""),
            Return("""
                {"pkg_|-saltern_packages_|-saltern_packages_|-latest":{"__id__":"saltern_packages","result":false,
                 "changes":{},"comment":"An error was encountered: Could not get lock /var/lib/dpkg/lock"}}
                """, retcode: 2))));

    [Fact]
    public void Updating_named_packages_waits_for_another_state_run() =>
        Assert.StartsWith("Busy: ", Told(Get("package.update").Read(
            Json("""{"packages":["bash"]}"""),
            Return("""["The function \"state.apply\" is running as PID 7 and was started at x with jid y"]""", 1))));

    [Theory]
    [InlineData("""{"pid":1,"retcode":0,"stdout":"hi","stderr":""}""", 0, "Completed: exit code 0")]
    [InlineData("""{"pid":1,"retcode":3,"stdout":"out\nlast","stderr":""}""", 3, "Failed: exit code 3: last")]
    [InlineData("""{"pid":1,"retcode":3,"stdout":"out","stderr":"a\nwhy\n"}""", 3, "Failed: exit code 3: why")]
    [InlineData("""{"pid":1,"retcode":-9,"stdout":"","stderr":""}""", -9, "Failed: ended by signal 9")]
    [InlineData("""{"pid":1,"retcode":0,"stdout":"","stderr":"x"}""", 5, "Failed: exit code 5: x")]
    [InlineData("""{"pid":1,"retcode":1,"stdout":"['/bin/sh', '/tmp/x'] : Timed out after 7 seconds","stderr":""}""", 0,
        "Failed: stopped after its time-out of 7 seconds; its output is lost")]
    [InlineData("\"text\"", 0, "Failed: the result is not that of a script: text")]
    public void A_script_is_read_by_its_own_exit_code(string result, int retcode, string expected) =>
        Assert.Equal(expected, Told(Get("script.run").Read(
            Json("""{"script":"x","timeoutSeconds":7}"""), Return(result, retcode, args: """[{"timeout":7}]"""))));

    [Fact]
    public void A_script_for_an_unknown_user_says_so() =>
        Assert.Equal("Failed: there is no user 'web' on the minion", Told(Get("script.run").Read(
            Json("""{"script":"x","user":"web"}"""),
            Return(
                "\"Passed invalid arguments to cmd.exec_code_all: uid should be integer, not str\\n\\ndoc\"",
                1, "nested"))));

    [Fact]
    public void An_interpreter_that_is_missing_does_not_show_the_minions_environment()
    {
        var told = Told(Get("script.run").Read(Json("""{"script":"x"}"""), Return(
            "\"ERROR: Unable to run command '['/bin/no', '/tmp/x']' with the context '{'env': {'SECRET': 'x'}}', "
            + "reason: [Errno 2] No such file or directory: '/bin/no'\"", 1, "nested")));

        Assert.Equal("Failed: could not be started: [Errno 2] No such file or directory: '/bin/no'", told);
    }

    [Fact]
    public void Grains_come_with_the_outcome()
    {
        var outcome = Assert.IsType<TargetOutcome.Completed>(Get("hardware.refresh").Read(
            Json("{}"), Return("""{"osfinger":"SLES-15","kernel":"Linux"}""")));

        Assert.Equal("2 grains, SLES-15", outcome.Reason);
        Assert.Equal("Linux", outcome.Grains!.Value.GetProperty("kernel").GetString());
    }

    [Theory]
    [InlineData("false", "Failed: the package system could not read its repositories")]
    [InlineData("true", "Completed: ")]
    [InlineData("null", "Completed: ")]
    [InlineData("""{"a":true}""", "Completed: 1 repository")]
    [InlineData("""{"a":true,"b":false}""", "Completed: 2 repositories")]
    public void A_refresh_that_returned_false_has_failed(string result, string expected) =>
        Assert.Equal(expected, Told(Get("package.refresh").Read(Json("{}"), Return(result))));

    [Theory]
    [InlineData(BootA, BootA, "AskLater 15 s: the boot id is still the one from before the restart")]
    [InlineData(BootA, BootB, "Completed: restarted: the boot id changed")]
    [InlineData(BootA + "\n", "\"" + BootB + "\\n\"", "Completed: restarted: the boot id changed")]
    [InlineData(BootA, "no such file", "AskLater 15 s: the minion told no boot id but: no such file")]
    [InlineData(null, BootA, "Failed: whether it restarted is unknown: no boot id from before the restart")]
    public void A_restart_is_proven_by_another_boot_id(string? before, string answer, string expected) =>
        Assert.Equal(expected, Told(Get("system.reboot").ReadAnswer(before, answer)));

    [Fact]
    public void The_return_of_a_restart_is_no_restart()
    {
        Assert.Equal("AskLater 75 s: the restart is ordered", Told(
            Get("system.reboot").Read(Json("{}"), Return("\"\""))));
        Assert.Equal("Failed: Failed to talk to init daemon.", Told(
            Get("system.reboot").Read(Json("{}"), Return("\"Failed to talk to init daemon.\"", 1))));
    }

    [Theory]
    [InlineData("service.start", "true", 0, "Completed: true")]
    [InlineData("service.start", "false", 0, "Failed: service.start returned false")]
    [InlineData("grains.get", "\"a\\nb\"", 0, "Completed: a")]
    [InlineData("grains.items", """{"a":1,"b":2}""", 0, "Completed: a dict of 2 keys")]
    [InlineData("a.b", "[1]", 0, "Completed: a list of 1 item")]
    [InlineData("a.b", "{}", 4, "Failed: return code 4, a dict of 0 keys")]
    [InlineData("pkg.install", "\"ERROR: Could not get lock /a\"", 1, "Busy: Could not get lock /a")]
    [InlineData("cmd.run", "\"Could not get lock /a\"", 1, "Failed: exit code 1: Could not get lock /a")]
    [InlineData("state.apply", """["The function \"state.apply\" is running as PID 7 and x"]""", 1,
        "Busy: The function \"state.apply\" is running as PID 7 and x")]
    public void A_call_tells_what_came_back(string function, string result, int retcode, string expected) =>
        Assert.Equal(expected, Told(Get("salt.call").Read(
            Json($$"""{"function":"{{function}}"}"""), Return(result, retcode))));

    [Fact]
    public void A_state_run_with_many_failures_shows_the_causes_first()
    {
        var states = string.Join(',', Enumerable.Range(0, 9).Select(n =>
            $$"""
            "m_|-s{{n}}_|-s{{n}}_|-f":{"result":false,"__run_num__":{{n}},"changes":{},
             "comment":"{{(n == 8 ? "the cause" : "One or more requisite failed: x")}}"}
            """));

        var told = Told(Get("state.apply").Read(Json("{}"), Return($"{{{states}}}", 2)));

        Assert.StartsWith("Failed: 9 of 9 states failed: s8 (the cause), s0 (", told, StringComparison.Ordinal);
        Assert.EndsWith(", …", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\0b\tc\n\n d\u001b[31m", 100, "a b c d [31m")]
    [InlineData("abcdef", 4, "abc…")]
    [InlineData("ab😀cd", 4, "ab…")]
    [InlineData("   ", 10, "")]
    public void A_reason_is_one_line_that_anything_can_hold(string text, int length, string expected) =>
        Assert.Equal(expected, Server.Actions.Kinds.ReasonText.Short(text, length));

    // Not among the cases above: an attribute cannot hold half of a pair.
    [Fact]
    public void A_reason_holds_no_half_of_a_surrogate_pair() =>
        Assert.Equal("\ufffdx", Server.Actions.Kinds.ReasonText.Short("\ud800x"));
}
