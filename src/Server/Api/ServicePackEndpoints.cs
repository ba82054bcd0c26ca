using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;

namespace Saltern.Server.Api;

/// <summary>/servicepack: where minions can be migrated to, and what their migrations have come to.</summary>
internal static class ServicePackEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var servicePack = api.MapGroup("/servicepack").WithTags("Service packs");
        servicePack.MapPost("/targets", TargetsAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Where the minions of a selection can go, and why not")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        servicePack.MapGet("/targets", TargetsOfOneAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Where one minion can go, and why not")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        servicePack.MapGet("/reports/{action:long}", ReportAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("What a migration has come to, over all its minions")
            .ProducesProblem(StatusCodes.Status404NotFound);
        servicePack.MapGet("/changes", ChangesAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Changes of channels by migrations, the latest first")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        servicePack.MapGet("/changes/{id:long}", ChangeAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Show a change of channels").ProducesProblem(StatusCodes.Status404NotFound);
        servicePack.MapPost("/changes/{id:long}/decision", DecideAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Decide about channels where the minion does not say how its run ended")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<Results<Ok<MigrationSummary>, ProblemHttpResult>> ReportAsync(
        long action, MigrationReport report, CancellationToken cancellationToken) =>
        await report.OfAsync(new ActionId(action), cancellationToken) is { } summary
            ? TypedResults.Ok(summary)
            : Problems.NotFound($"There is no migration {action}.");

    private static async Task<Results<Ok<Page<ChannelChangeSummary>>, ProblemHttpResult>> ChangesAsync(
        long? action, bool? attention, string? after, int? limit, MigrationReport report,
        CancellationToken cancellationToken)
    {
        if (!Paging.TryRead(after, limit, out var cursor, out var size, out var problem))
        {
            return problem;
        }

        var changes = await report.ChangesAsync(action, attention ?? false, cursor, size + 1, cancellationToken);
        var shown = changes.Take(size).ToList();
        return TypedResults.Ok(new Page<ChannelChangeSummary>(
            shown, changes.Count > size ? shown[^1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<Results<Ok<ChannelChangeSummary>, ProblemHttpResult>> ChangeAsync(
        long id, MigrationReport report, CancellationToken cancellationToken) =>
        await report.ChangesAsync(null, attention: false, id + 1, 1, cancellationToken) is [var change]
        && change.Id == id
            ? TypedResults.Ok(change)
            : Problems.NotFound($"There is no change {id}.");

    private static async Task<Results<NoContent, ProblemHttpResult>> DecideAsync(
        long id, ChangeDecisionRequest request, ChangeOrders orders, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        if (request.Channels is not ("keep" or "takeBack"))
        {
            return Problems.Invalid("channels", "Say keep or takeBack.");
        }

        var outcome = await orders.DecideAsync(
            id, request.Channels == "keep", user.Identity!.Name!, cancellationToken);
        return outcome switch
        {
            ChangeOrderOutcome.NotFound => Problems.NotFound($"There is no change {id}."),
            ChangeOrderOutcome.Refused refused => Problems.Conflict(refused.Why),
            _ => TypedResults.NoContent(),
        };
    }

    private static async Task<Results<Ok<ServicePackAnswer>, ProblemHttpResult>> TargetsAsync(
        ServicePackQuestion question, ServicePackTargets targets, CancellationToken cancellationToken)
    {
        var skipped = 0;
        if (!Paging.TryReadLimit(question.Limit, out var size, out var problem))
        {
            return problem;
        }

        if (question.After is { } after
            && !int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out skipped))
        {
            return Problems.Invalid("after", $"'{after}' is not what 'next' of an earlier page said.");
        }

        if (question.Target is null)
        {
            return Problems.Invalid("target", RequestedTarget.Missing);
        }

        return await AnswerAsync(
            RequestedTarget.SelectionOf(question.Target), question.RemoveExtensions, skipped, size, targets,
            cancellationToken);
    }

    private static Task<Results<Ok<ServicePackAnswer>, ProblemHttpResult>> TargetsOfOneAsync(
        string minion, string? domain, bool? removeExtensions, ServicePackTargets targets,
        CancellationToken cancellationToken) => AnswerAsync(
        new TargetSelection { Minions = [minion], KeyDomain = domain }, removeExtensions ?? false, 0, 1, targets,
        cancellationToken);

    private static async Task<Results<Ok<ServicePackAnswer>, ProblemHttpResult>> AnswerAsync(
        TargetSelection selection, bool removeExtensions, int skipped, int size, ServicePackTargets targets,
        CancellationToken cancellationToken)
    {
        var (groups, refused) = await targets.ForAsync(selection, cancellationToken);
        return groups is null
            ? Problems.Invalid(
                [.. refused!.Errors.Select(error => new ArgumentError(error.Argument, error.Message))])
            : TypedResults.Ok(ServicePackViews.Of(groups, removeExtensions, skipped, size));
    }
}
