using System.Text.Json;
using Saltern.Server.Results;

namespace Saltern.Server.Tests.Results;

public sealed class CollectedReturnTests
{
    [Theory]
    [InlineData("""{"return":true,"retcode":0,"success":true}""", true, 0)]
    [InlineData("""{"return":{"a":1},"retcode":2,"success":true}""", false, 2)]
    [InlineData("""{"return":"x","success":false}""", false, 1)]
    [InlineData("""{"return":"x","retcode":"odd"}""", true, 0)]
    [InlineData("\"bare\"", true, 0)]
    [InlineData("null", true, 0)]
    public void What_the_runner_shows_becomes_what_a_returner_stores(string kept, bool success, int code)
    {
        var one = CollectedReturn.Of("20260302080000000001_s1", "test.ping", "m1", JsonElement.Parse(kept));

        var full = JsonElement.Parse(one.Full);
        Assert.Equal((success, success, code), (
            one.Success, full.GetProperty("success").GetBoolean(), full.GetProperty("retcode").GetInt32()));
        Assert.Equal(one.Returned, full.GetProperty("return").GetRawText());
        Assert.Equal("m1", full.GetProperty("id").GetString());
    }
}
