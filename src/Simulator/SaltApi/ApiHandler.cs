using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.SaltApi;

/// <summary>
/// salt-api as rest_cherrypy answers it: which path takes which method, who may, and how each error looks.
/// </summary>
internal sealed partial class ApiHandler(
    Lowstate lowstate, LoginPages logins, ReadPages pages, EventStream events, ILogger logger)
{
    private static readonly string[] Known =
        ["", "run", "minions", "login", "token", "logout", "jobs", "keys", "stats", "events"];

    public async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers.Server = "CherryPy/18.8.0";
        try
        {
            await RouteAsync(context);
        }
        catch (ApiError error)
        {
            await Answers.WritePageAsync(context, error.Status, error.Message);
        }
        catch (ServerError)
        {
            await Answers.WriteServerErrorAsync(context);
        }
        catch (OperationCanceledException)
        {
            LogGone(logger);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            // Whatever goes wrong inside, salt-api says just this; the cause is in its log.
            LogRaised(logger, error);
            await Answers.WriteServerErrorAsync(context);
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "/";
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string? rest = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : null;
        return (context.Request.Method, parts.FirstOrDefault() ?? "") switch
        {
            ("GET" or "HEAD", "") => Answers.WriteAsync(context, ReadPages.Welcome()),
            ("POST", "") => lowstate.RunAsync(context),
            ("POST", "run") => lowstate.RunWithCredentialsAsync(context),
            ("POST", "minions") => lowstate.PublishAsync(context),
            ("POST", "login") => logins.LoginAsync(context),
            ("GET", "login") => LoginPages.AskAsync(context),
            ("POST", "token") => logins.TokenAsync(context),
            ("POST", "logout") => logins.LogoutAsync(context),
            ("GET", "logout") => throw new ApiError(
                500, "The server encountered an unexpected condition which prevented it from fulfilling the request."),
            ("GET", "minions") => pages.MinionsAsync(context, rest),
            ("GET", "jobs") => pages.JobsAsync(context, rest),
            ("GET", "keys") => pages.KeysAsync(context, rest),
            ("GET", "stats") => pages.StatsAsync(context),
            ("GET", "events") => events.StreamAsync(context),
            (_, string known) when Known.Contains(known) =>
                throw new ApiError(405, "Specified method is invalid for this resource"),
            _ => throw new ApiError(404, $"The path '{path}' was not found."),
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A request to the simulated salt-api raised")]
    private static partial void LogRaised(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A client of salt-api went away")]
    private static partial void LogGone(ILogger logger);
}
