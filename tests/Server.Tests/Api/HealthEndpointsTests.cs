using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Metrics;
using Xunit;

namespace Saltern.Server.Tests.Api;

public sealed class HealthEndpointsTests(LiveServer server, PostgresServer postgres) : IClassFixture<LiveServer>
{
    [Fact]
    public async Task Ready_tells_of_database_schema_and_masters_without_a_token()
    {
        using var anyone = server.Client(null);
        Assert.Equal("alive\n", await anyone.GetStringAsync("/healthz"));
        using var answer = await anyone.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var report = (await answer.Content.ReadFromJsonAsync<ReadinessReport>(ContractJson.Options))!;
        Assert.True(report.Ready);
        Assert.Equal(["database", "schema", "master one"], report.Dependencies.Select(one => one.Name));
        Assert.False(report.Dependencies[2].Good);
    }

    [Fact]
    public async Task Without_its_database_a_server_is_alive_but_not_ready_and_says_so_everywhere()
    {
        var other = new LiveServer(postgres);
        await other.InitializeAsync();
        await other.Database.DisposeAsync();
        Assert.Equal(HttpStatusCode.OK, (await other.Admin.GetAsync("/healthz")).StatusCode);
        using var ready = await other.Admin.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var report = (await ready.Content.ReadFromJsonAsync<ReadinessReport>(ContractJson.Options))!;
        Assert.Equal("database", Assert.Single(report.Dependencies).Name);
        Assert.Contains(
            "saltern_database_up 0", await other.Admin.GetStringAsync("/metrics"), StringComparison.Ordinal);
        using var list = await other.Admin.GetAsync("/api/v1/actions");
        Assert.True((int)list.StatusCode >= 500);
        Assert.NotNull((await ActionEndpointsTests.ProblemOf(list)).Detail);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_tell_what_the_counters_say_and_what_the_slices_measured()
    {
        await server.AddMinionsAsync("measured", 4);
        var id = await server.ScheduleAsync("measured*");
        await server.SettleAsync(id, "measured1", "Failed", "20260301080000000301_s1", "false");
        var counter = SalternMeter.Meter.CreateCounter<long>("saltern_test_things", description: "Things \"tested\".");
        counter.Add(2, new KeyValuePair<string, object?>("outcome", "a\"b"));
        counter.Add(3, new KeyValuePair<string, object?>("outcome", "a\"b"));
        var histogram = SalternMeter.Meter.CreateHistogram<double>("saltern_test_seconds");
        histogram.Record(0.02);
        histogram.Record(7);

        using var answer = await server.Client(null).GetAsync("/metrics");
        Assert.Equal(MetricsText.ContentType, answer.Content.Headers.ContentType!.ToString());
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n');
        Assert.Contains("saltern_targets{status=\"Queued\"} 3", lines);
        Assert.Contains("saltern_targets{status=\"Failed\"} 1", lines);
        Assert.Contains("saltern_test_things_total{outcome=\"a\\\"b\"} 5", lines);
        Assert.Contains("saltern_test_seconds_bucket{le=\"0.025\"} 1", lines);
        Assert.Contains("saltern_test_seconds_bucket{le=\"10\"} 2", lines);
        Assert.Contains("saltern_test_seconds_bucket{le=\"+Inf\"} 2", lines);
        Assert.Contains("saltern_test_seconds_count 2", lines);
        Assert.Contains("saltern_master_up{master=\"one\"} 0", lines);
        Assert.Contains("saltern_database_up 1", lines);
        Assert.Contains(lines, line => line.StartsWith("process_resident_memory_bytes ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("saltern_inbox_depth ", StringComparison.Ordinal));
        foreach (var table in (string[])["inbox", "action_target", "earlier_attempt", "kept_result", "salt_returns",
            "salt_events", "jids", "order_log"])
        {
            Assert.Contains(lines, line => line.StartsWith(
                $"saltern_table_bytes{{table=\"{table}\"}} ", StringComparison.Ordinal) && !line.EndsWith(" 0"));
            Assert.Contains(lines, line => line.StartsWith(
                $"saltern_table_rows{{table=\"{table}\"}} ", StringComparison.Ordinal));
        }

        Assert.Contains("saltern_job_cache_days{table=\"salt_returns\"} 9", lines);
        Assert.Contains("saltern_job_cache_outside_days_rows{table=\"salt_events\"} 0", lines);
        var today = TimeProvider.System.GetUtcNow().UtcDateTime.Date;
        Assert.Contains(lines, line => line.StartsWith(
            "saltern_job_cache_oldest_day_timestamp_seconds{table=\"salt_returns\"} ", StringComparison.Ordinal)
            && double.Parse(line.Split(' ')[1]) >= (today.AddDays(-3) - DateTime.UnixEpoch).TotalSeconds);
        Assert.Contains(lines, line => line.StartsWith(
            "saltern_job_cache_newest_day_timestamp_seconds{table=\"salt_events\"} ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("saltern_database_bytes ", StringComparison.Ordinal));
    }
}
