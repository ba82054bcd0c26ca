using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Web.Refusals;

/// <summary>
/// Every refusal of the console is a page that says what happened and what to do: nothing found, not allowed, database
/// away, a bug. The last two tell strangers no more than that.
/// </summary>
internal sealed partial class PageRefusals(Outage outage, ILogger<PageRefusals> logger) : IExceptionHandler
{
    public static bool IsPage(HttpRequest request) =>
        !request.Path.StartsWithSegments("/api") && !request.Path.StartsWithSegments("/openapi")
        && !request.Path.StartsWithSegments("/metrics");

    public static RazorComponentResult<RefusalPage> Of(int status, string title, string detail) =>
        new(new Dictionary<string, object?>
        {
            [nameof(RefusalPage.Status)] = status,
            [nameof(RefusalPage.Heading)] = title,
            [nameof(RefusalPage.Detail)] = detail,
        })
        {
            StatusCode = status,
        };

    public static RazorComponentResult<RefusalPage> NotFound(string detail) =>
        Of(StatusCodes.Status404NotFound, "Not found", detail);

    public static RazorComponentResult<RefusalPage> NotAllowed(string detail) =>
        Of(StatusCodes.Status403Forbidden, "Not allowed", detail);

    public static RazorComponentResult<RefusalPage> NotPossible(string detail) =>
        Of(StatusCodes.Status409Conflict, "Not possible now", detail);

    /// <summary>An answer without a body gets one.</summary>
    public static Task ShowAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var page = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => NotFound($"There is nothing at {http.Request.Path}."),
            StatusCodes.Status503ServiceUnavailable => Of(
                503, "Too busy", "The server has as many pages open as it may. Try again later."),
            var status => Of(status, "Refused", $"{http.Request.Method} {http.Request.Path} was refused."),
        };
        return page.ExecuteAsync(http);
    }

    public async ValueTask<bool> TryHandleAsync(
        HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (!IsPage(context.Request))
        {
            return false;
        }

        await PageOf(context, exception).ExecuteAsync(context);
        return true;
    }

    private RazorComponentResult<RefusalPage> PageOf(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException bad:
                return Of(
                    bad.StatusCode, "Not readable", "The address or the form holds something that cannot be read.");
            case PostgresException text when DatabaseAway.RefusesText(text):
                return Of(
                    422, "Not readable",
                    "The address or the form holds a character that cannot be stored, such as NUL.");
            case NpgsqlException database when DatabaseAway.Is(database):
                // Told once a minute, however many ask.
                if (!outage.Covers(exception))
                {
                    LogDatabaseAway(exception, context.Request.Path);
                }

                return Of(
                    503, "The database does not answer",
                    "Actions that are running go on, and their results are kept by the masters. Reload in a moment.");
            default:
                LogBroken(exception, context.Request.Method, context.Request.Path);
                return Of(500, "Something broke", "This is a fault of the server; its log has the reason.");
        }
    }

    [LoggerMessage(LogLevel.Warning, "The database is away: the page {Path} was answered with 503")]
    private partial void LogDatabaseAway(Exception error, PathString path);

    [LoggerMessage(LogLevel.Error, "The page {Method} {Path} broke")]
    private partial void LogBroken(Exception error, string method, PathString path);
}
