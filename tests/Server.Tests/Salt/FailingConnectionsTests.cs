using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

/// <summary>Real sockets that break: whatever may have arrived is unclear, and it arrives once.</summary>
public sealed class FailingConnectionsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static FakeReply Published { get; } = FakeReply.Json(
        "200 OK", $$"""{"return":[{"jid":"{{TestMaster.Jid}}","minions":["m1"]}]}""");

    [Fact]
    public async Task A_refused_connection_is_not_sent()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        using var master = TestMaster.At($"http://127.0.0.1:{port}/");

        var notSent = Assert.IsType<SubmitOutcome.NotSent>(await master.PingAsync());

        Assert.Equal(NotSentCause.Unreachable, notSent.Cause);
        Assert.Contains("refused", notSent.Reason);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_not_sent()
    {
        using var master = TestMaster.At("http://salt.invalid:8000/");

        var notSent = Assert.IsType<SubmitOutcome.NotSent>(await master.PingAsync());

        Assert.Equal(NotSentCause.Unreachable, notSent.Cause);
    }

    [Fact]
    public async Task A_master_that_goes_away_after_the_login_is_not_sent()
    {
        var salt = new FakeSaltApi(_ => FakeReply.Text(
            "200 OK", "Connection: close", """{"return":[{"token":"cafe"}]}""").Then(FakeEnding.Close));
        using var master = TestMaster.At(salt.Url);
        Assert.IsType<SaltAnswer<MasterProbe>.Given>(await master.Api.ProbeAsync(Cancellation));
        await salt.DisposeAsync();

        var notSent = Assert.IsType<SubmitOutcome.NotSent>(await master.PingAsync());

        Assert.Equal(NotSentCause.Unreachable, notSent.Cause);
    }

    public static TheoryData<string> Cuts => ["before", "reset", "in the headers", "after the headers", "in the body"];

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_connection_that_breaks_after_the_request_is_unclear_and_not_tried_again(string where)
    {
        var body = Published.Bytes.Length - Array.IndexOf(Published.Bytes, (byte)'{');
        await using var salt = new FakeSaltApi(where switch
        {
            "before" => FakeReply.Cut,
            "reset" => FakeReply.Reset,
            "in the headers" => Published.ShortOf(body + 10, FakeEnding.Close),
            "after the headers" => Published.ShortOf(body, FakeEnding.Close),
            _ => Published.ShortOf(5, FakeEnding.Close),
        });
        using var master = TestMaster.At(salt.Url);

        Assert.IsType<SubmitOutcome.Unclear>(await master.PingAsync());

        Assert.Single(salt.Jobs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_kept_connection_that_breaks_does_not_send_the_job_a_second_time(bool reset)
    {
        var jobs = 0;
        await using var salt = new FakeSaltApi(request =>
            request.IsLogin ? FakeReply.LoggedIn : jobs++ == 0 ? Published : reset ? FakeReply.Reset : FakeReply.Cut);
        using var master = TestMaster.At(salt.Url);
        Assert.IsType<SubmitOutcome.Accepted>(await master.PingAsync());

        Assert.IsType<SubmitOutcome.Unclear>(await master.PingAsync());

        Assert.Equal(2, salt.Jobs.Count);
    }

    [Fact]
    public async Task The_body_of_a_request_refuses_to_leave_a_second_time()
    {
        using var content = new SentOnceContent([1, 2, 3]);
        Assert.False(content.Started);
        await content.CopyToAsync(Stream.Null, Cancellation);
        Assert.True(content.Started);

        await Assert.ThrowsAsync<HttpRequestException>(() => content.CopyToAsync(Stream.Null, Cancellation));
    }

    [Fact]
    public async Task A_master_that_takes_the_job_and_says_nothing_is_unclear_after_the_submit_time()
    {
        var clock = new HandClock();
        await using var salt = new FakeSaltApi(FakeReply.Hang);
        using var master = TestMaster.At(salt.Url, clock, null);
        var submission = master.PingAsync();
        await salt.ArrivedAsync(2);

        clock.RunOut(TimeSpan.FromSeconds(30));

        Assert.Equal("No answer within 30 s.", Assert.IsType<SubmitOutcome.Unclear>(await submission).Reason);
    }

    [Fact]
    public async Task A_login_that_hangs_is_not_sent_after_the_login_time()
    {
        var clock = new HandClock();
        await using var salt = new FakeSaltApi(_ => FakeReply.Hang);
        using var master = TestMaster.At(salt.Url, clock, null);
        var submission = master.PingAsync();
        await salt.ArrivedAsync(1);

        clock.RunOut(TimeSpan.FromSeconds(10));

        Assert.Equal(
            new SubmitOutcome.NotSent("Login failed: No answer within 10 s.", NotSentCause.Unreachable),
            await submission);
    }

    [Fact]
    public async Task A_submission_does_not_wait_for_a_login_longer_than_for_itself()
    {
        var clock = new HandClock();
        await using var salt = new FakeSaltApi(_ => FakeReply.Hang);
        using var master = TestMaster.At(
            salt.Url, clock, null, ("LoginTimeoutSeconds", "60"), ("SubmitTimeoutSeconds", "20"));
        var submission = master.PingAsync();
        await salt.ArrivedAsync(1);

        clock.RunOut(TimeSpan.FromSeconds(20));

        Assert.Equal(
            new SubmitOutcome.NotSent("No login within 20 s.", NotSentCause.Unreachable), await submission);
    }

    [Fact]
    public async Task A_login_that_a_caller_gave_up_on_still_serves_the_others()
    {
        using var release = new SemaphoreSlim(0);
        await using var salt = new FakeSaltApi(request =>
        {
            if (request.IsLogin)
            {
                release.Wait(Cancellation);
            }
            return request.IsLogin ? FakeReply.LoggedIn : Published;
        });
        using var master = TestMaster.At(salt.Url);
        using var impatient = new CancellationTokenSource();
        var first = master.Api.ProbeAsync(impatient.Token);
        var second = master.PingAsync();
        await salt.ArrivedAsync(1);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.Release();

        Assert.IsType<SubmitOutcome.Accepted>(await second);
        Assert.Single(salt.Logins);
    }

    [Fact]
    public async Task A_caller_who_cancels_gets_the_cancellation()
    {
        await using var salt = new FakeSaltApi(FakeReply.Hang);
        using var master = TestMaster.At(salt.Url);
        using var cancel = new CancellationTokenSource();
        var runner = master.Api.RunnerAsync("jobs.active", [], cancel.Token);
        await salt.ArrivedAsync(2);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner);
    }

    [Fact]
    public async Task A_runner_that_hangs_fails_after_the_runner_time()
    {
        var clock = new HandClock();
        await using var salt = new FakeSaltApi(FakeReply.Hang);
        using var master = TestMaster.At(salt.Url, clock, null);
        var runner = master.Api.RunnerAsync("manage.status", [], Cancellation);
        await salt.ArrivedAsync(2);

        clock.RunOut(TimeSpan.FromSeconds(60));

        Assert.Equal(
            new SaltAnswer<JsonElement>.Failed(SaltFailure.NoAnswer, "No answer within 60 s."), await runner);
    }

    [Fact]
    public async Task A_huge_answer_is_not_read_to_its_end()
    {
        await using var salt = new FakeSaltApi(new FakeReply(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"u8.ToArray(), FakeEnding.Endless));
        using var master = TestMaster.At(salt.Url, ("MaxResponseBytes", "65536"));

        Assert.Equal(new SubmitOutcome.Unclear("The answer is larger than 65536 bytes."), await master.PingAsync());
        Assert.Equal(
            new SaltAnswer<JsonElement>.Failed(SaltFailure.Unreadable, "The answer is larger than 65536 bytes."),
            await master.Api.RunnerAsync("jobs.list_jobs", [], Cancellation));
    }

    [Fact]
    public async Task An_error_page_without_end_costs_nothing_but_its_wording()
    {
        await using var salt = new FakeSaltApi(new FakeReply(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<p>no such thing</p>"u8.ToArray(),
            FakeEnding.Endless));
        using var master = TestMaster.At(salt.Url);

        var refused = Assert.IsType<SubmitOutcome.Refused>(await master.PingAsync());

        Assert.Equal("salt-api answered 400 Bad Request: no such thing", refused.Reason);
    }

    [Fact]
    public async Task An_error_page_that_breaks_off_leaves_the_status_to_decide()
    {
        var page = FakeReply.Page("400 Bad Request", "<p>Invalid client specified: 'nosuch'</p></html>");
        await using var salt = new FakeSaltApi(page.ShortOf(3, FakeEnding.Reset));
        using var master = TestMaster.At(salt.Url);

        Assert.IsType<SubmitOutcome.Refused>(await master.PingAsync());
    }

    [Fact]
    public async Task A_large_call_is_held_back_until_the_master_says_that_it_takes_it()
    {
        await using var salt = new TooLargeForMe();
        using var master = TestMaster.At(salt.Url);

        var outcome = await master.Api.SubmitAsync(
            new SaltCall("cmd.run", new JsonObject { ["cmd"] = new string('x', 2_000_000) }),
            [MinionId.Parse("m1")], TestMaster.Jid, SaltMetadata.None, Cancellation);

        Assert.Contains("413", Assert.IsType<SubmitOutcome.Refused>(outcome).Reason);
        Assert.True(salt.WasAsked);
    }
}
