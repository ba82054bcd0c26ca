using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;
using KeyReading = Saltern.Server.Fleet.KeyReading;

namespace Saltern.Server.Api;

/// <summary>/masters and /dispatch: how the masters are, and whether work is handed to them.</summary>
internal static class MasterEndpoints
{
    /// <summary>A client gives up after 100 s, and the check takes some by itself.</summary>
    private const int LongestWaitSeconds = 60;

    public static void Map(RouteGroupBuilder api)
    {
        var masters = api.MapGroup("/masters").WithTags("Masters");
        masters.MapGet("/", ListAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("List the masters and how they are");
        masters.MapPost("/{name}/check", CheckAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Look at a master from outside, and send a ping through it")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        masters.MapPost("/{name}/pause", PauseAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Hand nothing to this master until it is resumed")
            .ProducesProblem(StatusCodes.Status404NotFound);
        masters.MapPost("/{name}/resume", ResumeAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Hand work to this master again")
            .ProducesProblem(StatusCodes.Status404NotFound);

        var dispatch = api.MapGroup("/dispatch").WithTags("Dispatch");
        dispatch.MapGet("/", ShowDispatchAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Whether work is handed to masters");
        dispatch.MapPost("/pause", PauseAllAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Hand nothing to any master until resumed");
        dispatch.MapPost("/resume", ResumeAllAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Hand work to masters again");
    }

    private static async Task<Ok<IReadOnlyList<MasterSummary>>> ListAsync(
        Masters masters, SaltMasters salt, CancellationToken cancellationToken) =>
        TypedResults.Ok<IReadOnlyList<MasterSummary>>(
            [.. (await masters.ListAsync(cancellationToken)).Select(one => SummaryOf(one, salt))]);

    private static async Task<Results<Ok<MasterCheck>, ProblemHttpResult>> CheckAsync(
        string name, int? startEventSeconds, SaltMasters salt, MasterLook look, Masters masters, KeyReading keys,
        CancellationToken cancellationToken)
    {
        if (!salt.TryGet(name, out var api))
        {
            return Problems.NotFound($"There is no master '{name}' in the settings.");
        }

        if (startEventSeconds is < 1 or > LongestWaitSeconds)
        {
            return Problems.Invalid("startEventSeconds", $"It may be 1 to {LongestWaitSeconds}.");
        }

        TimeSpan? wait = startEventSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var check = await look.AtAsync(api, wait, cancellationToken);
        if (check.Good)
        {
            // Whoever has just put a master right need not wait until it is tried again by itself.
            await masters.ReportUpAsync(name, cancellationToken);
            keys.Bell.Ring();
        }

        return TypedResults.Ok(check);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> PauseAsync(
        string name, PauseRequest? request, Masters masters, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        await masters.PauseAsync(name, user.Identity!.Name!, request?.Reason, cancellationToken)
            ? TypedResults.NoContent()
            : Problems.NotFound($"There is no master '{name}'.");

    private static async Task<Results<NoContent, ProblemHttpResult>> ResumeAsync(
        string name, Masters masters, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        await masters.ResumeAsync(name, user.Identity!.Name!, cancellationToken)
            ? TypedResults.NoContent()
            : Problems.NotFound($"There is no master '{name}'.");

    private static async Task<Ok<DispatchSummary>> ShowDispatchAsync(
        Masters masters, CancellationToken cancellationToken)
    {
        var pause = await masters.PausedAsync(cancellationToken);
        var paused = (await masters.ListAsync(cancellationToken)).Where(one => one.Paused is not null);
        return TypedResults.Ok(new DispatchSummary(
            pause is not null, pause?.At, pause?.By, pause?.Reason, [.. paused.Select(one => one.Name)]));
    }

    private static async Task<NoContent> PauseAllAsync(
        PauseRequest? request, Masters masters, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await masters.PauseAllAsync(user.Identity!.Name!, request?.Reason, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> ResumeAllAsync(
        Masters masters, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await masters.ResumeAllAsync(user.Identity!.Name!, cancellationToken);
        return TypedResults.NoContent();
    }

    private static MasterSummary SummaryOf(MasterStatus status, SaltMasters salt) =>
        FleetViews.SummaryOf(status, salt.TryGetOptions(status.Name, out var options) ? options.Url : null);
}
