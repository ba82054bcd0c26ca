using Xunit;
using static Saltern.Server.Tests.Actions.KindsUnderTest;

namespace Saltern.Server.Tests.Actions;

/// <summary>Each kind refuses arguments it cannot use, and says what it can.</summary>
public sealed class KindsArgumentsTests
{
    [Theory]
    [InlineData("ping", """{"x":1}""", "arguments.x", "There is no argument 'x'; this kind takes none.")]
    [InlineData("hardware.refresh", """{"x":1}""", "arguments.x", "this kind takes none")]
    [InlineData("package.refresh", """{"x":1}""", "arguments.x", "this kind takes none")]
    [InlineData("system.reboot", """{"delay":1}""", "arguments.delay", "this kind takes none")]
    [InlineData("ping", "[]", "arguments", "Arguments must be a JSON object, not a list.")]
    [InlineData("ping", "7", "arguments", "must be a JSON object, not 7")]
    [InlineData("state.apply", """{"sls":["a"]}""", "arguments.sls", "known are states, pillar, test")]
    [InlineData("state.apply", """{"states":"web"}""", "arguments.states",
        "must be a list of names of sls, not \"web\"")]
    [InlineData("state.apply", """{"states":["web",3]}""", "arguments.states[1]", "must be a text, not 3")]
    [InlineData("state.apply", """{"states":["a,b"]}""", "arguments.states[0]", "'a,b' is not the name of an sls")]
    [InlineData("state.apply", """{"states":["a=b"]}""", "arguments.states[0]", "'a=b' is not the name of an sls")]
    [InlineData("state.apply", """{"states":[""]}""", "arguments.states[0]", "must not be empty")]
    [InlineData("state.apply", """{"pillar":[1]}""", "arguments.pillar", "must be a JSON object, not a list")]
    [InlineData("state.apply", """{"pillar":{"a":1,"a":2}}""", "arguments.pillar.a", "'a' is given twice")]
    [InlineData("state.apply", """{"pillar":{"a":"\ud800"}}""", "arguments.pillar.a", "half of a surrogate pair")]
    [InlineData("state.apply", """{"test":"yes"}""", "arguments.test", "must be true or false, not \"yes\"")]
    [InlineData("script.run", "{}", "arguments.script", "'script' is required")]
    [InlineData("script.run", """{"script":7}""", "arguments.script", "'script' must be a text, not 7")]
    [InlineData("script.run", """{"script":""}""", "arguments.script", "must not be empty")]
    [InlineData("script.run", """{"script":"a\u0000"}""", "arguments.script", "NUL character")]
    [InlineData("script.run", """{"script":"\ud800"}""", "arguments.script", "half of a surrogate pair")]
    [InlineData("script.run", """{"script":"#!/bin/sh -e\nx"}""", "arguments.script", "'#!/bin/sh -e'")]
    [InlineData("script.run", """{"script":"#!\nx"}""", "arguments.script", "names no interpreter")]
    [InlineData("script.run", """{"script":"x","interpreter":"bash -e"}""", "arguments.interpreter", "without options")]
    [InlineData("script.run", """{"script":"x","user":"-root"}""", "arguments.user",
        "'-root' is not the name of a user")]
    [InlineData("script.run", """{"script":"x","timeoutSeconds":0}""", "arguments.timeoutSeconds",
        "from 1 to 86,400, not 0")]
    [InlineData("script.run", """{"script":"x","timeoutSeconds":1.5}""", "arguments.timeoutSeconds", "not 1.5")]
    [InlineData("script.run", """{"script":"x","arguments":"a"}""", "arguments.arguments", "must be a list of texts")]
    [InlineData("script.run", """{"script":"x","arguments":["a",{}]}""", "arguments.arguments[1]", "not an object")]
    [InlineData("package.install", "{}", "arguments.packages", "'packages' is required")]
    [InlineData("package.install", """{"packages":[]}""", "arguments.packages", "at least one package")]
    [InlineData("package.install", """{"packages":["-y"]}""", "arguments.packages[0]",
        "'-y' is not the name of a package")]
    [InlineData("package.install", """{"packages":["vim-"]}""", "arguments.packages[0]", "not ending with '-'")]
    [InlineData("package.install", """{"packages":["vim*"]}""", "arguments.packages[0]", "'vim*' is not the name")]
    [InlineData("package.install", """{"packages":[{"name":"vim"}]}""", "arguments.packages[0]",
        "'name' and 'version'")]
    [InlineData("package.install", """{"packages":[{"name":"vim","version":"1 2"}]}""", "arguments.packages[0]",
        "'1 2' is not a version")]
    [InlineData("package.install", """{"packages":["vim"],"refresh":1}""", "arguments.refresh", "true or false, not 1")]
    [InlineData("package.remove", "{}", "arguments.packages", "'packages' is required")]
    [InlineData("package.remove", """{"packages":["a b"]}""", "arguments.packages[0]", "'a b' is not the name")]
    [InlineData("package.update", """{"packages":[]}""", "arguments.packages", "leave it out to update all")]
    [InlineData("package.update", """{"packages":["it's"]}""", "arguments.packages[0]", "is not the name of a package")]
    [InlineData("salt.call", "{}", "arguments.function", "'function' is required")]
    [InlineData("salt.call", """{"function":"ping"}""", "arguments.function", "for example service.restart")]
    [InlineData("salt.call", """{"function":"a.b,c.d"}""", "arguments.function", "'a.b,c.d' is not the name")]
    [InlineData("salt.call", """{"function":"a.b","args":{}}""", "arguments.args", "must be a list, not an object")]
    [InlineData("salt.call", """{"function":"a.b","args":["x=1"]}""", "arguments.args[0]", "keyword argument 'x'")]
    [InlineData("salt.call", """{"function":"a.b","args":[{"__kwarg__":true}]}""", "arguments.args[0]",
        "into 'kwargs'")]
    [InlineData("salt.call", """{"function":"a.b","kwargs":[]}""", "arguments.kwargs", "must be a JSON object")]
    [InlineData("salt.call", """{"function":"a.b","kwargs":{"__pub_jid":1}}""", "arguments.kwargs", "are Salt's")]
    [InlineData("salt.call", """{"function":"a.b","safeToRepeat":"no"}""", "arguments.safeToRepeat", "true or false")]
    public void An_argument_that_cannot_be_used_is_refused(string kind, string arguments, string path, string message)
    {
        var error = Assert.Single(Get(kind).Validate(Json(arguments)));

        Assert.Equal(path, error.Argument);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once()
    {
        var errors = Get("script.run").Validate(
            Json("""{"timeoutSeconds":-1,"user":"a b","interpreter":"x y","shell":"sh","arguments":[1]}"""));

        Assert.Equal(
            ["arguments.arguments[0]", "arguments.interpreter", "arguments.script", "arguments.shell",
                "arguments.timeoutSeconds", "arguments.user"],
            errors.Select(error => error.Argument).Order());
    }

    [Fact]
    public void A_script_may_have_a_megabyte_and_no_byte_more()
    {
        var script = new string('é', 512 * 1024);

        Assert.Empty(Get("script.run").Validate(Json($$"""{"script":"{{script}}"}""")));
        Assert.Contains("1,048,577 bytes long; at most 1,048,576", Assert.Single(
            Get("script.run").Validate(Json($$"""{"script":"{{script}}x"}"""))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pillar_has_a_limit()
    {
        var pillar = $$"""{"pillar":{"a":"{{new string('x', 1024 * 1024)}}"} }""";

        Assert.Contains("larger than the 1,048,576 bytes", Assert.Single(
            Get("state.apply").Validate(Json(pillar))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_packages_has_a_limit()
    {
        var names = string.Join(',', Enumerable.Repeat("\"vim\"", 1_001));

        Assert.Contains("has 1,001 items; at most 1,000 are allowed", Assert.Single(
            Get("package.remove").Validate(Json($$"""{"packages":[{{names}}]}"""))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ping")]
    [InlineData("state.apply")]
    [InlineData("package.update")]
    [InlineData("system.reboot")]
    public void Kinds_that_need_no_arguments_take_none_at_all(string kind)
    {
        Assert.Empty(Get(kind).Validate(default));
        Assert.Empty(Get(kind).Validate(Json("null")));
        Assert.Empty(Get(kind).Validate(Json("{}")));
    }

    [Fact]
    public void A_call_is_never_built_from_arguments_that_were_refused() =>
        Assert.Throws<InvalidOperationException>(() => Get("script.run").BuildCall(Json("{}")));
}
