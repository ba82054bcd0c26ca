using Saltern.Server.Web.Schedule;
using Xunit;

namespace Saltern.Server.Tests.Web;

public sealed class FormReadingTests
{
    [Theory]
    [InlineData("state.apply", "arguments.states", " a.b,base\r\nusers ", """{"states":["a.b","base","users"]}""")]
    [InlineData("state.apply", "arguments.states", "   ", "{}")]
    [InlineData("state.apply", "arguments.test", "true", """{"test":true}""")]
    [InlineData("state.apply", "arguments.pillar", """{"a":[1]}""", """{"pillar":{"a":[1]}}""")]
    [InlineData("script.run", "arguments.script", "#!/bin/sh\r\necho hi\r\n", """{"script":"#!/bin/sh\necho hi\n"}""")]
    [InlineData("script.run", "arguments.arguments", "a b\r\n\r\nc", """{"arguments":["a b","","c"]}""")]
    [InlineData("script.run", "arguments.timeoutSeconds", " 30 ", """{"timeoutSeconds":30}""")]
    [InlineData(
        "package.install", "arguments.packages", "nginx\ncurl=8.6.0",
        """{"packages":["nginx",{"name":"curl","version":"8.6.0"}],"refresh":false}""")]
    [InlineData("salt.call", "arguments.args", """["a", 1]""", """{"args":["a",1]}""")]
    public void A_field_becomes_the_argument_that_the_kind_takes(
        string kind, string field, string written, string expected)
    {
        var (order, errors) = FormReading.Read(Form(("kind", kind), (field, written)));

        Assert.Empty(errors);
        Assert.Equal(expected, order!.Arguments.GetRawText());
    }

    [Theory]
    [InlineData("arguments.pillar", "{", "not JSON")]
    [InlineData("batchSize", "a few", "neither a number")]
    [InlineData("deadlineSeconds", "soon", "not a whole number")]
    [InlineData("earliestAt.local", "tomorrow", "not a time")]
    public void What_cannot_be_written_into_an_order_is_an_error_of_its_field(string field, string written, string says)
    {
        var (order, errors) = FormReading.Read(Form(("kind", "state.apply"), (field, written)));

        Assert.Null(order);
        var (path, message) = Assert.Single(errors);
        Assert.Equal(field.Replace(".local", "", StringComparison.Ordinal), path);
        Assert.Contains(says, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("50", 50, null)]
    [InlineData("10%", null, 10)]
    [InlineData("10 %", null, 10)]
    [InlineData("", null, null)]
    public void A_batch_is_a_number_or_a_percentage(string written, int? size, int? percent)
    {
        var (order, _) = FormReading.Read(Form(("kind", "ping"), ("batchSize", written)));

        Assert.Equal(size, order!.BatchSize);
        Assert.Equal(percent, order.BatchPercent);
    }

    [Fact]
    public void The_time_with_its_zone_counts_and_without_scripts_the_typed_time_is_UTC()
    {
        var (exact, _) = FormReading.Read(Form(
            ("kind", "ping"), ("earliestAt", "2026-03-01T07:00:00.000Z"), ("earliestAt.local", "2026-03-01T08:00")));
        var (typed, _) = FormReading.Read(Form(("kind", "ping"), ("earliestAt.local", "2026-03-01T08:00")));

        Assert.Equal(new DateTimeOffset(2026, 3, 1, 7, 0, 0, TimeSpan.Zero), exact!.EarliestAt);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero), typed!.EarliestAt);
    }

    [Fact]
    public void Only_the_chosen_way_selects_minions()
    {
        var (order, _) = FormReading.Read(Form(
            ("kind", "ping"), ("way", "minions"), ("target.glob", "*"), ("target.minions", "a, b\r\nc")));

        Assert.Equal(["a", "b", "c"], order!.Target.Minions);
        Assert.Null(order.Target.Glob);
    }

    private static ScheduleForm Form(params (string Name, string Text)[] fields) => new()
    {
        Values = fields.ToDictionary(field => field.Name, field => field.Text),
        WasSent = true,
    };
}
