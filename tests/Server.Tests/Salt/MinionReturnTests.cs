using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

public sealed class MinionReturnTests
{
    public static TheoryData<string> WithReturns =>
        [.. Recording.Names.Where(name => Recording.AllReturns(name).Any())];

    [Theory]
    [MemberData(nameof(WithReturns))]
    public void Every_recorded_return_can_be_read(string recording)
    {
        foreach (var raw in Recording.AllReturns(recording))
        {
            var parsed = Parse(raw);
            var node = JsonNode.Parse(raw)!;

            Assert.Equal(raw, parsed.Raw);
            Assert.Equal(node["id"]!.GetValue<string>(), parsed.Minion);
            Assert.Equal(node["jid"]!.GetValue<string>(), parsed.Jid);
            Assert.Equal(node["fun"]!.GetValue<string>(), parsed.Function);
            Assert.Equal(node["retcode"]!.GetValue<int>(), parsed.RetCode);
            Assert.Equal(node["success"]!.GetValue<bool>(), parsed.Success);
            Assert.Equal(parsed.RetCode == 0, parsed.Success);
            Assert.Equal(node["_stamp"]!.GetValue<string>(), parsed.Stamp);
            Assert.Equal(JsonValueKind.Array, parsed.FunctionArgs.ValueKind);
            Assert.True(JsonNode.DeepEquals(node["return"], JsonNode.Parse(parsed.Return.GetRawText())));
        }
    }

    [Fact]
    public void Metadata_comes_back_as_it_was_sent()
    {
        var metadata = Parse(Recording.ReturnAfter("08-result-shapes", "test.false")).Metadata;

        Assert.Equal(11, metadata.GetProperty("action_id").GetInt32());
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{", "not JSON")]
    [InlineData("NaN", "not JSON")]
    [InlineData("null", "kind Null")]
    [InlineData("[]", "kind Array")]
    [InlineData("\"text\"", "kind String")]
    public void What_is_no_object_is_no_return_and_says_why(string raw, string why)
    {
        Assert.False(MinionReturn.TryParse(raw, out var parsed, out var reason));
        Assert.Null(parsed);
        Assert.Contains(why, reason);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"id":1,"jid":[],"fun":{},"retcode":"0","success":"true","return":null,"fun_args":7,"out":0}""")]
    [InlineData("""{"fun":["a.b","c.d"],"retcode":{"a.b":0},"success":{"a.b":true},"return":{"a.b":1}}""")]
    [InlineData("""{"retcode":99999999999999999999,"return":1e999}""")]
    public void Odd_fields_are_absent_and_never_a_success(string raw)
    {
        var parsed = Parse(raw);

        Assert.Null(parsed.Function);
        Assert.Null(parsed.RetCode);
        Assert.False(parsed.Success);
    }

    [Theory]
    [InlineData("""{"retcode":0}""", true)]
    [InlineData("""{"retcode":3}""", false)]
    [InlineData("""{"retcode":0,"success":false}""", false)]
    public void Without_a_word_on_success_the_retcode_tells(string raw, bool success) =>
        Assert.Equal(success, Parse(raw).Success);

    [Fact]
    public void Odd_characters_are_read_and_half_ones_replaced()
    {
        var raw = """{"return":"nul \u0000 half \ud83d end pair \ud83d\ude00 path C:\\udead low \uDE00","k\ud800":1}""";

        var parsed = Parse(raw);

        Assert.Equal("nul \0 half \ufffd end pair \U0001f600 path C:\\udead low \ufffd", parsed.Return.GetString());
        Assert.Equal(raw, parsed.Raw);
    }

    [Fact]
    public void A_huge_and_a_deep_return_can_be_read()
    {
        var huge = Parse($$"""{"return":"{{new string('x', 20_000_000)}}","retcode":0}""");
        Assert.Equal(20_000_000, huge.Return.GetString()!.Length);

        var deep = string.Concat(Enumerable.Repeat("[", 900)) + string.Concat(Enumerable.Repeat("]", 900));
        Assert.Equal(JsonValueKind.Array, Parse($$"""{"return":{{deep}}}""").Return.ValueKind);
    }

    [Fact]
    public void Text_that_is_no_text_is_no_return() =>
        Assert.False(MinionReturn.TryParse("{\"return\":\"a\ud800b\"}", out _, out _));

    private static MinionReturn Parse(string raw) => MinionReturn.TryParse(raw, out var parsed, out var reason)
        ? parsed
        : throw new InvalidOperationException(reason);
}
