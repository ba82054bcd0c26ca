using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

public sealed class KeysTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_come_with_their_state_and_fingerprint()
    {
        await using var salt = Wheel(function => function == "key.list_all"
            ? """
              {"minions":["m1","m2"],"minions_pre":["new"],"minions_rejected":["bad"],"minions_denied":["m2"],
               "local":["master.pem","master.pub"]}
              """
            : """{"minions":{"m1":"aa:bb"},"minions_pre":{"new":"cc"},"minions_denied":{"m2":"dd"},"local":{}}""");
        using var master = TestMaster.At(salt.Url);

        var keys = Assert.IsType<SaltAnswer<MinionKeys>.Given>(await master.Api.KeysAsync(Cancellation)).Value;

        Assert.Equal([Key("m1", "aa:bb"), Key("m2", null)], keys.Accepted);
        Assert.Equal([Key("new", "cc")], keys.Pending);
        Assert.Equal([Key("bad", null)], keys.Rejected);
        Assert.Equal([Key("m2", "dd")], keys.Denied);
        Assert.Empty(keys.Unreadable);
        Assert.Equal("*", salt.Jobs[1].Json[0]!["match"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_key_whose_name_is_no_minion_id_is_told_of()
    {
        await using var salt = Wheel(function => function == "key.list_all" ? """{"minions":["a,b","m1"]}""" : "{}");
        using var master = TestMaster.At(salt.Url);

        var keys = Assert.IsType<SaltAnswer<MinionKeys>.Given>(await master.Api.KeysAsync(Cancellation)).Value;

        Assert.Equal([Key("m1", null)], keys.Accepted);
        Assert.Equal(["a,b"], keys.Unreadable);
    }

    [Fact]
    public async Task Keys_without_their_fingerprints_are_no_answer()
    {
        await using var salt = new FakeSaltApi(request => request.IsLogin ? FakeReply.LoggedIn
            : request.Body.Contains("key.finger", StringComparison.Ordinal) ? FakeReply.Json("500 x", "{}")
            : Given("""{"minions":["m1"]}"""));
        using var master = TestMaster.At(salt.Url);

        Assert.IsType<SaltAnswer<MinionKeys>.Failed>(await master.Api.KeysAsync(Cancellation));
    }

    [Theory]
    [InlineData("accept", "key.accept", """{"minions":["m[1]"]}""", "include_rejected")]
    [InlineData("reject", "key.reject", """{"minions_rejected":["m[1]"]}""", "include_accepted")]
    [InlineData("delete", "key.delete", "{}", null)]
    public async Task A_key_is_moved_by_its_exact_name(string move, string function, string answer, string? flag)
    {
        await using var salt = Wheel(_ => answer);
        using var master = TestMaster.At(salt.Url);

        var moved = await MoveAsync(master, move);

        Assert.Equal(MinionId.Parse("m[1]"), Assert.IsType<SaltAnswer<MinionId>.Given>(moved).Value);
        var chunk = Assert.Single(salt.Jobs).Json[0]!.AsObject();
        Assert.Equal(function, chunk["fun"]!.GetValue<string>());
        Assert.Equal("m[[]1]", chunk["match"]!.GetValue<string>());
        Assert.Equal(flag is null ? 3 : 4, chunk.Count);
        Assert.True(flag is null || chunk[flag]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("accept", "{}", "m[1]: the master has no such key.")]
    [InlineData("accept", """{"minions_denied":["m[1]"]}""", "m[1]: its key is in minions_denied.")]
    [InlineData("reject", """{"minions":["m[1]"]}""", "m[1]: its key is in minions.")]
    [InlineData("delete", """{"minions_pre":["m[1]"]}""", "m[1]: its key is in minions_pre.")]
    public async Task A_key_that_is_not_where_it_was_wanted_is_a_failure(string move, string answer, string reason)
    {
        await using var salt = Wheel(_ => answer);
        using var master = TestMaster.At(salt.Url);

        Assert.Equal(
            new SaltAnswer<MinionId>.Failed(SaltFailure.Error, reason), await MoveAsync(master, move));
    }

    [Theory]
    [InlineData("\"Exception occurred in wheel key.accept: KeyError: 'x'\"", "false")]
    [InlineData("\"\\nPassed invalid arguments: accept() got an unexpected keyword\\n\\nUsage:\\n...\"", "true")]
    [InlineData("{}", "false")]
    public async Task A_wheel_function_that_failed_is_a_failure_whatever_it_says(string value, string success)
    {
        await using var salt = new FakeSaltApi(FakeReply.Json(
            "200 OK", $$$"""{"return":[{"tag":"t","data":{"return":{{{value}}},"success":{{{success}}}}}]}"""));
        using var master = TestMaster.At(salt.Url);

        var failed = Assert.IsType<SaltAnswer<MinionId>.Failed>(await MoveAsync(master, "accept"));

        Assert.Equal(SaltFailure.Error, failed.Cause);
        Assert.DoesNotContain('\n', failed.Reason);
    }

    private static Task<SaltAnswer<MinionId>> MoveAsync(TestMaster master, string move)
    {
        var minion = MinionId.Parse("m[1]");
        return move switch
        {
            "accept" => master.Api.AcceptKeyAsync(minion, Cancellation),
            "reject" => master.Api.RejectKeyAsync(minion, Cancellation),
            _ => master.Api.DeleteKeyAsync(minion, Cancellation),
        };
    }

    private static MinionKey Key(string name, string? fingerprint) => new(MinionId.Parse(name), fingerprint);

    private static FakeSaltApi Wheel(Func<string, string> value) => new(request => request.IsLogin
        ? FakeReply.LoggedIn
        : Given(value(JsonNode.Parse(request.Body)![0]!["fun"]!.GetValue<string>())));

    private static FakeReply Given(string value) => FakeReply.Json(
        "200 OK", $$$"""{"return":[{"tag":"salt/wheel/1","data":{"return":{{{value}}},"success":true}}]}""");
}
