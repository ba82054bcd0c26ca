using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Contract;
using Saltern.Server.Database;

namespace Saltern.Server.Api;

/// <summary>
/// Turns what the framework throws while it reads a request into sentences: which member is unknown, which value does
/// not fit, how large a request may be. Also the last resort: a database that is away is 503, a bug is 500, and neither
/// tells strangers more than that.
/// </summary>
internal sealed partial class RequestRefusals(Outage outage, ILogger<RequestRefusals> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(
        HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (!context.Request.Path.StartsWithSegments("/api"))
        {
            return false;
        }

        await ProblemOf(context, exception).ExecuteAsync(context);
        return true;
    }

    private ProblemHttpResult ProblemOf(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException { InnerException: JsonException json }:
                return OfJson(json);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Problems.Of(
                    413, "Too large", "The request is larger than this server takes (Listen:MaxRequestBytes).");
            case BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                return Problems.Of(415, "Not JSON", "Send the body as JSON, with 'Content-Type: application/json'.");
            case BadHttpRequestException bad:
                return OfBinding(bad);
            case PostgresException text when DatabaseAway.RefusesText(text):
                return Problems.Invalid(
                    "text", "The request holds a character that cannot be stored: NUL, or half of a surrogate pair.");
            case NpgsqlException database when DatabaseAway.Is(database):
                // Told once a minute, however many ask.
                if (!outage.Covers(exception))
                {
                    LogDatabaseAway(exception, context.Request.Path);
                }

                return Problems.Of(
                    503, "Database away",
                    HttpMethods.IsGet(context.Request.Method)
                        ? "The database does not answer; try again."
                        : "The database does not answer. It is not known whether the order was taken; look at "
                            + "GET /api/v1/actions before sending it again.");
            default:
                LogBroken(exception, context.Request.Method, context.Request.Path);
                return Problems.Of(500, "Broken", "Something went wrong in the server; its log has the reason.");
        }
    }

    private static ProblemHttpResult OfJson(JsonException json)
    {
        var path = json.Path is null or "$" ? "" : json.Path.TrimStart('$').TrimStart('.');
        var unmapped = UnmappedMember().Match(json.Message);
        if (unmapped.Success)
        {
            var member = unmapped.Groups["member"].Value;
            return Problems.Invalid(
                path.Length == 0 ? member : path,
                $"There is no member '{member}' here.{Known(unmapped.Groups["type"].Value)}");
        }

        var unreadable = json.InnerException is not InvalidOperationException and not null and not FormatException
            || Conversion().Match(json.Message) is { Success: false };
        return unreadable
            ? Problems.Of(
                400, "Not JSON",
                $"The body is not JSON (line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}).")
            : Problems.Invalid(path.Length == 0 ? "body" : path, "The value here is not of the type that is expected.");
    }

    private static ProblemHttpResult OfBinding(BadHttpRequestException bad)
    {
        var binding = FailedBinding().Match(bad.Message);
        return binding.Success
            ? Problems.Invalid(
                Written(binding.Groups["name"].Value),
                $"'{binding.Groups["value"].Value}' is not {Expected(binding.Groups["type"].Value)}.")
            : Problems.Of(bad.StatusCode, "Not readable", bad.Message);
    }

    private static string Known(string type)
    {
        var properties = typeof(Problem).Assembly.GetType(type)?.GetProperties() ?? [];
        return properties.Length == 0
            ? ""
            : $" Known are {string.Join(", ", properties.Select(one => Written(one.Name)))}.";
    }

    private static string Written(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    private static string Expected(string type) => type switch
    {
        _ when type.Contains("int", StringComparison.OrdinalIgnoreCase) => "a whole number",
        _ when type.Contains("long", StringComparison.OrdinalIgnoreCase) => "a whole number",
        _ when type.Contains("bool", StringComparison.OrdinalIgnoreCase) => "true or false",
        _ when type.Contains("Date", StringComparison.Ordinal) => "a time such as 2026-03-01T08:00:00Z",
        _ => "readable",
    };

    [GeneratedRegex("property '(?<member>[^']+)' could not be mapped .* type '(?<type>[^']+)'")]
    private static partial Regex UnmappedMember();

    [GeneratedRegex("could not be converted|missing required properties|invalid", RegexOptions.IgnoreCase)]
    private static partial Regex Conversion();

    [GeneratedRegex("""Failed to bind parameter "(?<type>.+) (?<name>\w+)" from "(?<value>.*)"\.""")]
    private static partial Regex FailedBinding();

    [LoggerMessage(LogLevel.Warning, "The database is away: {Path} was answered with 503")]
    private partial void LogDatabaseAway(Exception error, PathString path);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} broke")]
    private partial void LogBroken(Exception error, string method, PathString path);
}
