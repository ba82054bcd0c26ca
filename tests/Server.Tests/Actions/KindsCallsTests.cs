using System.Text.Json.Nodes;
using Saltern.Server.Actions;
using Saltern.Server.Salt;
using Xunit;
using static Saltern.Server.Tests.Actions.KindsUnderTest;

namespace Saltern.Server.Tests.Actions;

/// <summary>What each kind has Salt run, and how dispatch may treat it.</summary>
public sealed class KindsCallsTests
{
    [Theory]
    [InlineData("ping", "{}", "test.ping", "[]", "{}")]
    [InlineData("hardware.refresh", "{}", "grains.items", "[]", "{}")]
    [InlineData("products.refresh", "{}", "pkg.list_products", "[]", "{}")]
    [InlineData("repositories.refresh", "{}", "pkg.list_repos", "[]", "{}")]
    [InlineData("package.refresh", "{}", "pkg.refresh_db", "[]", """{"failhard":true}""")]
    [InlineData("system.reboot", "{}", "system.reboot", "[]", """{"at_time":1}""")]
    [InlineData("state.apply", "{}", "state.apply", "[]", "{}")]
    [InlineData("state.apply", """{"states":["web.nginx","db"],"pillar":{"a":{"b":1}},"test":true}""",
        "state.apply", """["web.nginx,db"]""", """{"pillar":{"a":{"b":1}},"test":true}""")]
    [InlineData("state.apply", """{"states":null,"test":false}""", "state.apply", "[]", "{}")]
    [InlineData("script.run", """{"script":"a=1"}""", "cmd.exec_code_all", "[]",
        """{"lang":"/bin/sh","code":"a=1","timeout":600}""")]
    [InlineData("script.run",
        """{"script":"#!/usr/bin/env python3\nx","user":"web","timeoutSeconds":5,"arguments":["a=b",""]}""",
        "cmd.exec_code_all", "[]",
        """{"lang":"python3","code":"#!/usr/bin/env python3\nx","timeout":5,"runas":"web","args":["a=b",""]}""")]
    [InlineData("script.run", """{"script":"#!/bin/bash\r\nx"}""", "cmd.exec_code_all", "[]",
        """{"lang":"/bin/bash","code":"#!/bin/bash\r\nx","timeout":600}""")]
    [InlineData("script.run", """{"script":"#!/bin/sh -e\nx","interpreter":"/bin/bash"}""", "cmd.exec_code_all", "[]",
        """{"lang":"/bin/bash","code":"#!/bin/sh -e\nx","timeout":600}""")]
    [InlineData("package.install", """{"packages":["g++",{"name":"vim","version":">=9.0"}]}""", "pkg.install", "[]",
        """{"pkgs":["g++",{"vim":">=9.0"}],"refresh":true}""")]
    [InlineData("package.install", """{"packages":["vim"],"refresh":false}""", "pkg.install", "[]",
        """{"pkgs":["vim"],"refresh":false}""")]
    [InlineData("package.remove", """{"packages":["vim"]}""", "pkg.remove", "[]", """{"pkgs":["vim"]}""")]
    [InlineData("package.update", "{}", "pkg.upgrade", "[]", """{"refresh":true}""")]
    [InlineData("salt.call", """{"function":"cmd.run","args":["a==b",1,["x"]],"kwargs":{"cwd":"/"}}""",
        "cmd.run", """["a==b",1,["x"]]""", """{"cwd":"/"}""")]
    public void A_kind_builds_the_call_as_Salt_wants_it(
        string kind, string arguments, string function, string args, string kwargs)
    {
        Assert.Empty(Get(kind).Validate(Json(arguments)));

        var call = Get(kind).BuildCall(Json(arguments));

        Assert.Equal(function, call.Function);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(args), call.Args), call.Args.ToJsonString());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(kwargs), call.Kwargs), call.Kwargs.ToJsonString());
    }

    [Fact]
    public void Named_packages_are_updated_only_where_they_are_installed()
    {
        var call = Get("package.update").BuildCall(Json("""{"packages":["vim","g++"]}"""));

        var template = call.Kwargs["tem"]!.GetValue<string>();
        Assert.Equal("state.template_str", call.Function);
        Assert.Contains("{% for name in ['vim', 'g++'] %}", template, StringComparison.Ordinal);
        Assert.Contains("if name in installed", template, StringComparison.Ordinal);
        Assert.Contains("pkg.latest", template, StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_can_be_sent_more_than_once()
    {
        var arguments = Json("""{"states":["a"],"pillar":{"x":1}}""");

        var first = Get("state.apply").BuildCall(arguments);
        var envelope = new JsonObject { ["kwarg"] = first.Kwargs };
        var second = Get("state.apply").BuildCall(arguments);

        Assert.Equal(envelope["kwarg"]!.ToJsonString(), second.Kwargs.ToJsonString());
    }

    [Theory]
    [InlineData("ping", "{}", 60)]
    [InlineData("hardware.refresh", "{}", 300)]
    [InlineData("package.refresh", "{}", 300)]
    [InlineData("state.apply", "{}", 3600)]
    [InlineData("package.install", "{}", 3600)]
    [InlineData("package.remove", "{}", 3600)]
    [InlineData("package.update", "{}", 3600)]
    [InlineData("system.reboot", "{}", 1800)]
    [InlineData("salt.call", "{}", 3600)]
    [InlineData("script.run", """{"script":"x"}""", 720)]
    [InlineData("script.run", """{"script":"x","timeoutSeconds":60}""", 180)]
    public void A_kind_has_a_deadline(string kind, string arguments, int seconds) =>
        Assert.Equal(seconds, Get(kind).Deadline(Json(arguments)).TotalSeconds);

    [Theory]
    [InlineData("ping", false, true, "Failed")]
    [InlineData("hardware.refresh", false, true, "Always")]
    [InlineData("products.refresh", false, true, "Always")]
    [InlineData("repositories.refresh", false, true, "Always")]
    [InlineData("package.refresh", true, true, "Always")]
    [InlineData("package.install", true, true, "Failed")]
    [InlineData("package.remove", true, true, "Failed")]
    [InlineData("package.update", true, true, "Failed")]
    [InlineData("state.apply", true, true, "Failed")]
    [InlineData("script.run", true, false, "Always")]
    [InlineData("system.reboot", true, false, "Always")]
    [InlineData("salt.call", false, false, "Always")]
    public void Dispatch_knows_how_to_treat_a_kind(string name, bool exclusive, bool safe, string reads)
    {
        var kind = Get(name);

        Assert.Equal(exclusive, kind.Exclusive);
        Assert.Equal(safe, kind.SafeToRepeat(Json("{}")));
        Assert.Equal(reads, kind.ReadsBody.ToString());
        Assert.Equal(name == "salt.call" ? "salt.call" : null, kind.Permission);
        Assert.Equal(name == "system.reboot", kind.AskCall is not null);
    }

    [Fact]
    public void A_call_is_safe_to_repeat_when_its_order_says_so() =>
        Assert.True(Get("salt.call").SafeToRepeat(Json("""{"function":"test.ping","safeToRepeat":true}""")));

    [Fact]
    public void A_restart_asks_for_the_boot_id() =>
        Assert.Equal(
            """file.read ["/proc/sys/kernel/random/boot_id"]""",
            $"{Get("system.reboot").AskCall!.Function} {Get("system.reboot").AskCall!.Args.ToJsonString()}");

    [Fact]
    public void All_kinds_are_registered_under_their_names() =>
        Assert.Equal(
            ["hardware.refresh", "package.install", "package.refresh", "package.remove", "package.update", "ping",
                "products.refresh", "repositories.refresh", "salt.call", "script.run", "state.apply", "system.reboot"],
            new ActionKinds(All).Names);

    [Fact]
    public void Every_call_names_one_function() =>
        Assert.All(
            All.Where(kind => kind.Validate(Json("{}")).Count == 0),
            kind => Assert.True(SaltCall.IsFunctionName(kind.BuildCall(Json("{}")).Function)));
}
