using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

/// <summary>Every recorded request of a kind that we send, answered over HTTP as it was on the real master.</summary>
public sealed class RecordedExchangesTests
{
    // These were published by a request of several chunks, or asked for YAML; we send neither, but read what comes.
    private static readonly string[] OddAnswers = ["Accept application/x-yaml", "Accept text/html"];

    public static TheoryData<string, int> Submissions => Of(each => each.Client == "local_async" && each.Status > 0);

    public static TheoryData<string, int> Published =>
        Of(each => each is { Client: "local_async", Status: 200 } && AnsweredJid(each) is not null);

    public static TheoryData<string, int> Runners => Of(each => each.Client == "runner");

    public static TheoryData<string, int> Wheels => Of(each => each.Client == "wheel");

    public static TheoryData<string, int> Logins =>
        Of(each => each is { Method: "POST", Path: "/login", Status: > 0 });

    public static TheoryData<string, int> Malformed =>
        Of(each => each is { Method: "POST", Path: "/", Chunk: null, Status: > 0 });

    [Fact]
    public void There_are_recordings_of_every_kind_of_call()
    {
        Assert.True(Submissions.Count > 100);
        Assert.True(Runners.Count > 15);
        Assert.True(Wheels.Count >= 5);
        Assert.True(Logins.Count > 25);
        Assert.True(Malformed.Count >= 6);
    }

    [Theory]
    [MemberData(nameof(Submissions))]
    public async Task A_recorded_submission_ends_as_it_did(string recording, int index)
    {
        var exchange = Find(recording, index);
        var named = Named(exchange);

        var (outcome, sent) = await SubmitAsync(exchange, named, WithOurJid(exchange));

        AssertOutcome(exchange, named, outcome);
        AssertSent(exchange.Chunk!, sent);
    }

    [Theory]
    [MemberData(nameof(Published))]
    public async Task An_answer_about_another_jid_is_unclear(string recording, int index)
    {
        var exchange = Find(recording, index);

        var (outcome, _) = await SubmitAsync(exchange, Named(exchange), edit: null);

        Assert.Contains("jid", Assert.IsType<SubmitOutcome.Unclear>(outcome).Reason);
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_recorded_answer_to_a_malformed_request_is_no_acceptance(string recording, int index)
    {
        var exchange = Find(recording, index);

        var (outcome, _) = await SubmitAsync(exchange, [MinionId.Parse("m1")], edit: null);

        Assert.True(exchange.Status == 400 ? outcome is SubmitOutcome.Refused : outcome is SubmitOutcome.Unclear);
    }

    [Theory]
    [MemberData(nameof(Runners))]
    public async Task A_recorded_runner_call_gives_what_it_gave(string recording, int index)
    {
        var exchange = Find(recording, index);
        await using var salt = new FakeSaltApi(exchange.Reply());
        using var master = TestMaster.At(salt.Url);

        var answer = await master.Api.RunnerAsync(
            exchange.Chunk!["fun"]!.GetValue<string>(), Copy(exchange.Chunk["kwarg"]), Cancellation);

        var given = (exchange.ResponseBody as JsonObject)?["return"] as JsonArray;
        AssertSame(exchange, given?[0], answer);
        AssertSent(exchange.Chunk, salt.Jobs[^1]);
    }

    [Theory]
    [MemberData(nameof(Wheels))]
    public async Task A_recorded_wheel_call_gives_what_it_gave(string recording, int index)
    {
        var exchange = Find(recording, index);
        await using var salt = new FakeSaltApi(exchange.Reply());
        using var master = TestMaster.At(salt.Url);

        var answer = await master.Api.WheelAsync(exchange.Chunk!["fun"]!.GetValue<string>(), [], Cancellation);

        var given = exchange.ResponseBody is JsonObject body ? body["return"]![0]!["data"]!["return"] : null;
        AssertSame(exchange, given, answer);
    }

    [Theory]
    [MemberData(nameof(Logins))]
    public async Task A_recorded_login_ends_as_it_did(string recording, int index)
    {
        var exchange = Find(recording, index);
        await using var salt = new FakeSaltApi(_ => exchange.Reply());
        using var master = TestMaster.At(salt.Url);

        var answer = await master.Api.ProbeAsync(Cancellation);

        if (exchange.Status != 200)
        {
            var failed = Assert.IsType<SaltAnswer<MasterProbe>.Failed>(answer);
            Assert.Equal(SaltFailure.NotAllowed, failed.Cause);
            Assert.Contains("Could not authenticate using provided credentials", failed.Reason);
            return;
        }
        var login = exchange.ResponseBody!["return"]![0]!;
        var probe = Assert.IsType<SaltAnswer<MasterProbe>.Given>(answer).Value;
        Assert.Equal(login["perms"] is JsonArray, probe.HasRights);
        Assert.Equal(
            login["expire"]!.GetValue<double>(), probe.ExpiresAt!.Value.ToUnixTimeMilliseconds() / 1000.0, 0.01);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static TheoryData<string, int> Of(Func<RecordedExchange, bool> which) => new(
        Recording.AllExchanges.Where(which).Select(each => (each.Recording, each.Index)));

    private static RecordedExchange Find(string recording, int index) =>
        Recording.Exchanges(recording).Single(each => each.Index == index);

    private static MinionId[] Named(RecordedExchange exchange) => exchange.Chunk!["tgt"] switch
    {
        JsonArray { Count: > 0 } list => [.. list.Select(name => MinionId.Parse(name!.GetValue<string>()))],
        JsonValue text => [.. text.GetValue<string>().Split(',').Select(MinionId.Parse)],
        _ => [MinionId.Parse("m1")],
    };

    private static async Task<(SubmitOutcome Outcome, HeardRequest Sent)> SubmitAsync(
        RecordedExchange exchange, MinionId[] minions, Func<string, string>? edit)
    {
        await using var salt = new FakeSaltApi(exchange.Reply(edit));
        using var master = TestMaster.At(salt.Url);
        var chunk = exchange.Chunk ?? [];
        var call = new SaltCall(
            chunk["fun"]?.GetValue<string>() ?? "test.ping",
            chunk["arg"] as JsonArray ?? [], Copy(chunk["kwarg"]));

        var outcome = await master.Api.SubmitAsync(
            call, minions, TestMaster.Jid, new SaltMetadata(Copy(chunk["metadata"])), Cancellation);

        return (outcome, salt.Jobs[^1]);
    }

    private static string? AnsweredJid(RecordedExchange exchange) =>
        exchange.ResponseBody is JsonObject body && body["return"] is JsonArray list && list[0] is JsonObject entry
            ? entry["jid"]?.GetValue<string>()
            : null;

    // The master answers with the jid of the request, which with us is always one of ours.
    private static Func<string, string> WithOurJid(RecordedExchange exchange) =>
        text => AnsweredJid(exchange) is { } jid
            ? text.Replace($"\"{jid}\"", $"\"{TestMaster.Jid}\"", StringComparison.Ordinal)
            : text;

    private static JsonObject Copy(JsonNode? node) => node?.DeepClone() as JsonObject ?? [];

    private static void AssertOutcome(RecordedExchange exchange, MinionId[] named, SubmitOutcome outcome)
    {
        switch (exchange.Status)
        {
            case 200 when OddAnswers.Contains(exchange.Note):
                Assert.IsType<SubmitOutcome.Unclear>(outcome);
                break;
            case 200:
                var accepted = exchange.ResponseBody!["return"]![0]!["minions"] as JsonArray ?? [];
                var known = accepted.Select(name => name!.GetValue<string>()).ToHashSet();
                Assert.Equal(
                    named.Where(minion => !known.Contains(minion.Value)),
                    Assert.IsType<SubmitOutcome.Accepted>(outcome).Unknown);
                break;
            case 400:
                Assert.StartsWith(
                    "salt-api answered 400 Bad Request: ", Reason(outcome, typeof(SubmitOutcome.Refused)));
                break;
            case 401 when $"{exchange.ResponseBody}".Contains("Authorization error", StringComparison.Ordinal):
                // The login that the test gives has rights; this call is not among them.
                Assert.IsType<SubmitOutcome.Refused>(outcome);
                break;
            case 401:
                Assert.Equal(NotSentCause.NotAllowed, Assert.IsType<SubmitOutcome.NotSent>(outcome).Cause);
                break;
            default:
                Assert.Contains(exchange.Status, new[] { 406, 500 });
                Assert.Contains($" {exchange.Status} ", Reason(outcome, typeof(SubmitOutcome.Unclear)));
                break;
        }
    }

    private static string Reason(SubmitOutcome outcome, Type expected)
    {
        Assert.IsType(expected, outcome);
        return outcome switch
        {
            SubmitOutcome.Refused refused => refused.Reason,
            SubmitOutcome.Unclear unclear => unclear.Reason,
            _ => "",
        };
    }

    // What the recording's own client sent, we send too; what else we send, it left to the master.
    private static void AssertSent(JsonObject recorded, HeardRequest sent)
    {
        var chunk = sent.Json[0]!.AsObject();
        Assert.Equal("application/json", sent.Headers["Accept"]);
        Assert.Equal("application/json", sent.Headers["Content-Type"]);
        Assert.Equal("cafe", sent.Token);
        foreach (var (name, value) in recorded)
        {
            var isOurs = name is "jid" or "batch" or "tgt_type" || value is null;
            var isOdd = name is "arg" or "tgt" && value is not JsonArray { Count: > 0 };
            if (!isOurs && !isOdd)
            {
                Assert.True(JsonNode.DeepEquals(value, chunk[name]), $"{name}: {chunk[name]}");
            }
        }
    }

    private static void AssertSame(RecordedExchange exchange, JsonNode? given, SaltAnswer<JsonElement> answer)
    {
        var raised = given?.ToString().StartsWith("Exception occurred", StringComparison.Ordinal) ?? false;
        if (exchange.Status == 200 && !raised)
        {
            var value = Assert.IsType<SaltAnswer<JsonElement>.Given>(answer).Value;
            Assert.True(JsonNode.DeepEquals(given, JsonNode.Parse(value.GetRawText())));
            return;
        }
        var failed = Assert.IsType<SaltAnswer<JsonElement>.Failed>(answer);
        Assert.Equal(exchange.Status == 401 ? SaltFailure.NotAllowed : SaltFailure.Error, failed.Cause);
        Assert.DoesNotContain('\n', failed.Reason);
    }
}
