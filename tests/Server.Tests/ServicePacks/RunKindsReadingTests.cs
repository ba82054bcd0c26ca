using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.ServicePacks;
using Xunit;
using static Saltern.Server.Tests.Actions.KindsUnderTest;

namespace Saltern.Server.Tests.ServicePacks;

/// <summary>
/// Returns as Salt makes them: a function whose result has a false <c>success</c> has the return code 1.
/// </summary>
public sealed class RunKindsReadingTests
{
    private static readonly RunResultKind Result = new();
    private static readonly RollbackKind Rollback = new();

    [Theory]
    [InlineData("succeeded", "true", 0, "Completed: Succeeded: so")]
    [InlineData("failed", "false", 1, "Completed: Failed: so")]
    [InlineData("running", "false", 1, "Completed: Running: so")]
    [InlineData("not_begun", "false", 1, "Completed: NotBegun: so")]
    public void That_a_minion_tells_how_a_run_ended_is_the_success(
        string outcome, string success, int code, string expected) => Assert.Equal(
        expected, Read(Result, $$"""
            {"run_id": "r", "outcome": "{{outcome}}", "success": {{success}}, "changed": null, "comment": "so"}
            """, code));

    [Theory]
    [InlineData("""{"success": true, "said": ""}""", 0, "Completed: takes effect with the next boot")]
    [InlineData("""{"success": false, "said": "\nNo such snapshot.\n"}""", 1, "Failed: No such snapshot.")]
    [InlineData("""{"success": false, "said": ""}""", 1, "Failed: snapper did not say why it failed")]
    [InlineData("\"'saltern_zypper.rollback' is not available.\"", 1,
        "Failed: missing on the minion: 'saltern_zypper.rollback' is not available.")]
    public void What_snapper_said_is_the_reason(string returned, int code, string expected) =>
        Assert.Equal(expected, Read(Rollback, returned, code));

    [Theory]
    [InlineData("""{"found": true, "content": "QUJD"}""", "Completed: 4 characters of base64")]
    [InlineData("""{"found": true, "content": "VALUE_TRIMMED"}""",
        "Failed: the master cut the answer, which is larger than its max_event_size; the test case lies on the minion")]
    [InlineData("""{"found": true, "content": "QUJ"}""", "Failed: what came is no test case; it lies on the minion")]
    [InlineData("""{"found": true, "too_large": true, "limit": 9}""",
        "Failed: the test case is larger than is fetched; it lies on the minion")]
    [InlineData("""{"found": false}""", "Failed: the minion has no test case of that run")]
    public void Only_a_whole_test_case_is_one(string returned, string expected) =>
        Assert.Equal(expected, Read(new TestCaseKind(), returned, 0));

    [Fact]
    public void A_product_that_goes_is_not_taken_for_a_package() => Assert.Equal(
        ["conf", "product Lab"],
        RunReport.Find(Json("""
            {"run_id": "r", "outcome": "succeeded", "plan": {"remove": [
                {"name": "conf", "arch": "noarch"}, {"name": "Lab", "arch": "x86_64", "kind": "product"}]}}
            """))!.Removed);

    [Fact]
    public void The_reason_of_a_migration_reads_as_one_sentence() => Assert.Equal(
        "Failed: Dependencies cannot be met; nothing provides missing needed by app-3.0-1.noarch",
        Read(new MigrateKind(new ChannelCredentials(
            Options.Create(new ChannelsOptions()), NullLogger<ChannelCredentials>.Instance)), """
            {"saltern_zypper_|-saltern_distupgrade_|-saltern_distupgrade_|-dist_upgraded": {
                "name": "saltern_distupgrade", "changes": {}, "result": false, "comment": "x", "saltern": {
                    "run_id": "r", "outcome": "failed", "changed": false, "reason": "conflict",
                    "comment": "Dependencies cannot be met:\nnothing provides missing needed by app-3.0-1.noarch",
                    "problems": [{"problem": "nothing provides missing needed by app-3.0-1.noarch"}]}}}
            """, 2));

    private static string Read(ActionKind kind, string returned, int code) =>
        Told(kind.Read(Json("{}"), Return(returned, code, code == 0 ? null : "nested")));
}
