using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

public sealed class MinionIdTests
{
    [Theory]
    [InlineData("m1")]
    [InlineData("web-01.example.org")]
    [InlineData("büro 7")]
    [InlineData("m[1]*")]
    public void A_name_is_kept_as_it_is(string text)
    {
        Assert.True(MinionId.TryParse(text, out var id));
        Assert.Equal(text, id.Value);
        Assert.Equal(text, id.ToString());
        Assert.Equal(id, MinionId.Parse(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" m1")]
    [InlineData("m1\n")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../m1")]
    [InlineData("a\\b")]
    [InlineData("a,b")]
    [InlineData("a\0b")]
    [InlineData("a\tb")]
    public void A_name_that_no_key_can_have_is_refused(string? text)
    {
        Assert.False(MinionId.TryParse(text, out var id));
        Assert.Equal("", id.Value);
    }

    [Fact]
    public void Half_a_character_and_too_many_are_refused()
    {
        Assert.False(MinionId.TryParse("a\ud800", out _));
        Assert.False(MinionId.TryParse(new string('a', 256), out _));
        Assert.True(MinionId.TryParse(new string('a', 255), out _));
        Assert.Contains("is not a minion id", Assert.Throws<FormatException>(() => MinionId.Parse("a/b")).Message);
    }

    [Theory]
    [InlineData("test.ping", true)]
    [InlineData("state.apply", true)]
    [InlineData("a.b.c_1", true)]
    [InlineData("ping", false)]
    [InlineData("test.ping,test.version", false)]
    [InlineData("test.ping\n", false)]
    [InlineData("test. ping", false)]
    [InlineData(".ping", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_function_is_a_module_and_a_name(string? text, bool isOne) =>
        Assert.Equal(isOne, SaltCall.IsFunctionName(text));
}
