using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Health;
using Saltern.Server.Metrics;

namespace Saltern.Server.Api;

/// <summary>For those who watch the server itself; they ask without a token, so nothing here names a minion.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => TypedResults.Text("alive\n")).AllowAnonymous().WithTags("Health")
            .WithSummary("Whether the process is alive");
        routes.MapGet("/readyz", ReadyAsync).AllowAnonymous().WithTags("Health")
            .WithSummary("Whether the server can do its work, and which dependency is away");
        routes.MapGet("/metrics", MetricsAsync).AllowAnonymous().WithTags("Health")
            .WithSummary("Metrics in Prometheus's text format");
    }

    private static async Task<JsonHttpResult<ReadinessReport>> ReadyAsync(
        Readiness readiness, CancellationToken cancellationToken)
    {
        var report = await readiness.CheckAsync(cancellationToken);
        return TypedResults.Json(report, ContractJson.Options, statusCode: report.Ready ? 200 : 503);
    }

    private static async Task<ContentHttpResult> MetricsAsync(Gauges gauges, CancellationToken cancellationToken) =>
        TypedResults.Content(await gauges.WriteAsync(cancellationToken), MetricsText.ContentType);
}
