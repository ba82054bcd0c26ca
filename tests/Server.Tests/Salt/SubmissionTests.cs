using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

public sealed class SubmissionTests
{
    private static readonly FakeReply Unauthorized = FakeReply.Page(
        "401 Unauthorized", "<html><body><h2>401 Unauthorized</h2><p>No permission -- see authorization schemes</p>");

    private static FakeReply Published { get; } = FakeReply.Json(
        "200 OK", $$"""{"return":[{"jid":"{{TestMaster.Jid}}","minions":["m1"]}]}""");

    [Fact]
    public async Task A_submission_carries_the_call_the_names_our_jid_and_its_metadata()
    {
        await using var salt = new FakeSaltApi(Published);
        using var master = TestMaster.At(salt.Url);

        var outcome = await master.Api.SubmitAsync(
            new SaltCall("cmd.run", ["ls é"], new JsonObject { ["timeout"] = 5 }),
            [MinionId.Parse("m1"), MinionId.Parse("m2")], TestMaster.Jid,
            new SaltMetadata(new JsonObject { ["action"] = 7 }), TestContext.Current.CancellationToken);

        Assert.Equal(["m2"], Assert.IsType<SubmitOutcome.Accepted>(outcome).Unknown.Select(minion => minion.Value));
        var expected = JsonNode.Parse($$$"""
            [{"client":"local_async","fun":"cmd.run","tgt":["m1","m2"],"tgt_type":"list","arg":["ls é"],
              "kwarg":{"timeout":5},"jid":"{{{TestMaster.Jid}}}","metadata":{"action":7}}]
            """);
        Assert.True(JsonNode.DeepEquals(expected, Assert.Single(salt.Jobs).Json), salt.Jobs[0].Body);
    }

    [Fact]
    public async Task A_login_is_shared_by_all_that_ask_for_one_at_once()
    {
        await using var salt = new FakeSaltApi(Published);
        using var master = TestMaster.At(salt.Url);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => master.PingAsync()));

        Assert.All(outcomes, outcome => Assert.IsType<SubmitOutcome.Accepted>(outcome));
        Assert.Equal(20, salt.Jobs.Count);
        var login = Assert.Single(salt.Logins).Json;
        Assert.Equal("sharedsecret", login["eauth"]!.GetValue<string>());
        Assert.Equal(TestMaster.Password, login["password"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_expired_token_leads_to_one_new_login_for_all_that_met_it()
    {
        var logins = 0;
        await using var salt = new FakeSaltApi(request => request.IsLogin
            ? FakeReply.Json("200 OK", $$"""{"return":[{"token":"t{{++logins}}","perms":[".*"]}]}""")
            : request.Token == "t1" ? Unauthorized : Published);
        using var master = TestMaster.At(salt.Url);
        await master.Api.ProbeAsync(TestContext.Current.CancellationToken);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => master.PingAsync()));

        Assert.All(outcomes, outcome => Assert.IsType<SubmitOutcome.Accepted>(outcome));
        Assert.Equal(2, salt.Logins.Count);
        Assert.Equal("t1", salt.Logins[1].Token); // salt-api takes up the old session with it
        Assert.Equal(8, salt.Jobs.Count(job => job.Token == "t2"));
    }

    [Fact]
    public async Task A_wrong_password_is_not_allowed_and_nothing_is_submitted()
    {
        await using var salt = new FakeSaltApi(_ => Unauthorized);
        using var master = TestMaster.At(salt.Url);

        var notSent = Assert.IsType<SubmitOutcome.NotSent>(await master.PingAsync());

        Assert.Equal(NotSentCause.NotAllowed, notSent.Cause);
        Assert.Equal(
            "Login failed: salt-api answered 401 Unauthorized: No permission -- see authorization schemes",
            notSent.Reason);
        Assert.Single(salt.Logins);
        Assert.Empty(salt.Jobs);
    }

    [Fact]
    public async Task A_user_without_rights_logs_in_again_once_and_is_not_allowed()
    {
        await using var salt = new FakeSaltApi(request => request.IsLogin
            ? FakeReply.Json("200 OK", """{"return":[{"token":"cafe","perms":{}}]}""")
            : Unauthorized);
        using var master = TestMaster.At(salt.Url);

        var notSent = Assert.IsType<SubmitOutcome.NotSent>(await master.PingAsync());

        Assert.Equal(NotSentCause.NotAllowed, notSent.Cause);
        Assert.Equal(2, salt.Logins.Count);
        Assert.Equal(2, salt.Jobs.Count);
        var probe = await master.Api.ProbeAsync(TestContext.Current.CancellationToken);
        Assert.False(Assert.IsType<SaltAnswer<MasterProbe>.Given>(probe).Value.HasRights);
    }

    [Fact]
    public async Task A_call_that_external_auth_does_not_list_is_refused_and_not_tried_for_ever()
    {
        await using var salt = new FakeSaltApi(request => request.IsLogin
            ? FakeReply.Json("200 OK", """{"return":[{"token":"cafe","perms":["test\\.echo$"]}]}""")
            : FakeReply.Page(
                "401 Unauthorized", "<html><body><h2>401 Unauthorized</h2><p>Authorization error occurred.</p>"));
        using var master = TestMaster.At(salt.Url);

        var refused = Assert.IsType<SubmitOutcome.Refused>(await master.PingAsync());

        Assert.Contains("external_auth does not let the user", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(2, salt.Jobs.Count);
    }

    [Theory]
    [InlineData("403 Forbidden", typeof(SubmitOutcome.NotSent))]
    [InlineData("302 Found", typeof(SubmitOutcome.NotSent))]
    [InlineData("404 Not Found", typeof(SubmitOutcome.Refused))]
    [InlineData("405 Method Not Allowed", typeof(SubmitOutcome.Refused))]
    [InlineData("413 Request Entity Too Large", typeof(SubmitOutcome.Refused))]
    [InlineData("406 Not Acceptable", typeof(SubmitOutcome.Unclear))]
    [InlineData("500 Internal Server Error", typeof(SubmitOutcome.Unclear))]
    [InlineData("502 Bad Gateway", typeof(SubmitOutcome.Unclear))]
    [InlineData("503 Service Unavailable", typeof(SubmitOutcome.Unclear))]
    [InlineData("504 Gateway Timeout", typeof(SubmitOutcome.Unclear))]
    public async Task A_status_decides_and_the_job_is_sent_once(string status, Type expected)
    {
        await using var salt = new FakeSaltApi(FakeReply.Page(status, "<h1>something</h1>"));
        using var master = TestMaster.At(salt.Url);

        Assert.IsType(expected, await master.PingAsync());

        Assert.Single(salt.Jobs);
    }

    [Theory]
    [InlineData("""{"return":[null]}""")]
    [InlineData("""{"return":[{}, {}]}""")]
    [InlineData("""{"return":[]}""")]
    [InlineData("""{"return":[[]]}""")]
    [InlineData("""{"return":{}}""")]
    [InlineData("""{"return":[{"minions":["m1"]}]}""")]
    [InlineData("""{"return":[{"jid":"20261122034828000042_s1"}]}""")]
    [InlineData("""{"return":[{"jid":"20261122034828000042_s1","minions":"m1"}]}""")]
    [InlineData("""[]""")]
    [InlineData("""{"return":[{"jid":"2026""")]
    [InlineData("<html>sign in</html>")]
    [InlineData("")]
    public async Task An_answer_of_another_shape_is_unclear(string body)
    {
        await using var salt = new FakeSaltApi(FakeReply.Json("200 OK", body));
        using var master = TestMaster.At(salt.Url);

        Assert.IsType<SubmitOutcome.Unclear>(await master.PingAsync());
    }

    [Fact]
    public async Task An_empty_job_means_that_the_master_knows_none_of_the_minions()
    {
        await using var salt = new FakeSaltApi(FakeReply.Json("200 OK", """{"return":[{}]}"""));
        using var master = TestMaster.At(salt.Url);

        var accepted = Assert.IsType<SubmitOutcome.Accepted>(await master.PingAsync("m1", "m2"));

        Assert.Equal(["m1", "m2"], accepted.Unknown.Select(minion => minion.Value));
    }

    [Fact]
    public async Task A_call_that_is_too_large_is_refused_before_anything_is_sent()
    {
        await using var salt = new FakeSaltApi(Published);
        using var master = TestMaster.At(salt.Url, ("MaxRequestBytes", "65536"));

        var outcome = await master.Api.SubmitAsync(
            new SaltCall("cmd.run", [new string('x', 70_000)]), [MinionId.Parse("m1")], TestMaster.Jid,
            SaltMetadata.None, TestContext.Current.CancellationToken);

        Assert.Contains("MaxRequestBytes", Assert.IsType<SubmitOutcome.Refused>(outcome).Reason);
        Assert.Empty(salt.Jobs);
    }

    [Fact]
    public async Task More_names_than_a_submission_may_have_are_a_mistake_of_the_caller()
    {
        using var master = TestMaster.At("http://127.0.0.1:1/", ("MaxNamesPerSubmission", "1"));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => master.PingAsync("m1", "m2"));
    }
}
