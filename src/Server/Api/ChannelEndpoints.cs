using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Channels;

namespace Saltern.Server.Api;

/// <summary>/channels: software channels, their clones and mirrors, and whether they answer.</summary>
internal static class ChannelEndpoints
{
    private const int MostNamed = 10_000;

    public static void Map(RouteGroupBuilder api)
    {
        var channels = api.MapGroup("/channels").WithTags("Channels");
        channels.MapGet("/", ListAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("List software channels, in the order of their labels");
        channels.MapGet("/check", CheckStateAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("How many checks of channels are waiting");
        channels.MapPost("/check", CheckAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Have channels checked: whether a repository answers at their addresses")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        channels.MapPost("/clones", CloneAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Record that a channel stands for an imported one")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        channels.MapDelete("/clones/{label}", DeleteCloneAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Forget a clone").ProducesProblem(StatusCodes.Status404NotFound);
        channels.MapGet("/mirrors", MirrorsAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("List the mirrors");
        channels.MapPut("/mirrors", SetMirrorsAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Replace all mirrors").ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<Results<Ok<Page<ChannelSummary>>, ProblemHttpResult>> ListAsync(
        string? search, string? product, string? after, int? limit, ChannelLists lists,
        CancellationToken cancellationToken)
    {
        if (!Paging.TryReadLimit(limit, out var size, out var problem))
        {
            return problem;
        }

        var rows = await lists.ListChannelsAsync(search, product, after ?? "", size, cancellationToken);
        // The last full page may be followed by an empty one.
        return TypedResults.Ok(new Page<ChannelSummary>(
            [.. rows.Select(ChannelViews.SummaryOf)], rows.Count == size ? rows[^1].Channel.Label : null));
    }

    private static async Task<Ok<ChannelCheckAnswer>> CheckStateAsync(
        ChannelChecks checks, CancellationToken cancellationToken) =>
        TypedResults.Ok(new ChannelCheckAnswer(0, await checks.CountWantedAsync(cancellationToken)));

    private static async Task<Results<Accepted<ChannelCheckAnswer>, ProblemHttpResult>> CheckAsync(
        ChannelCheckRequest request, ChannelLists lists, ChannelChecks checks, CancellationToken cancellationToken)
    {
        if (request.Labels is { Count: 0 or > MostNamed })
        {
            return Problems.Invalid("labels", $"Name 1 to {MostNamed} channels, or leave it out for all.");
        }

        var (urls, unknown) = await lists.FindUrlsAsync(request.Labels, cancellationToken);
        if (unknown.Count > 0)
        {
            return Problems.Invalid(
                "labels", $"There is no channel {string.Join(", ", unknown.Take(20)).Replace('\0', '?')}.");
        }

        await checks.RequestAsync(urls, cancellationToken);
        return TypedResults.Accepted(
            "/api/v1/channels/check",
            new ChannelCheckAnswer(urls.Count, await checks.CountWantedAsync(cancellationToken)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> CloneAsync(
        CloneRequest request, ChannelOrders orders, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var clone = new ChannelClone(
            request.Label ?? "", request.Original ?? "", request.Family ?? "", request.Url ?? "");
        return AnswerOf(
            await orders.CreateCloneAsync(clone, user.Identity!.Name!, cancellationToken), $"clone '{clone.Label}'");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteCloneAsync(
        string label, ChannelOrders orders, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        AnswerOf(await orders.DeleteCloneAsync(label, user.Identity!.Name!, cancellationToken), $"clone '{label}'");

    private static async Task<Ok<IReadOnlyList<MirrorMapping>>> MirrorsAsync(
        ChannelLists lists, CancellationToken cancellationToken) =>
        TypedResults.Ok<IReadOnlyList<MirrorMapping>>(
        [
            .. (await lists.ListMirrorsAsync(cancellationToken))
                .Select(one => new MirrorMapping { Prefix = one.Prefix, Target = one.Target }),
        ]);

    private static async Task<Results<NoContent, ProblemHttpResult>> SetMirrorsAsync(
        MirrorsRequest request, ChannelOrders orders, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (request.Mirrors is null || request.Mirrors.Any(one => one is not { Prefix: not null, Target: not null }))
        {
            return Problems.Invalid("mirrors", "A list is needed, each entry with a prefix and a target; [] for none.");
        }

        var mirrors = request.Mirrors.Select(one => new ChannelMirror(one.Prefix!, one.Target!)).ToList();
        return AnswerOf(await orders.SetMirrorsAsync(mirrors, user.Identity!.Name!, cancellationToken), "mirror");
    }

    internal static Results<NoContent, ProblemHttpResult> AnswerOf(ChannelOutcome outcome, string what) =>
        outcome switch
        {
            ChannelOutcome.Done => TypedResults.NoContent(),
            ChannelOutcome.Refused refused => Problems.Invalid(refused.Argument, refused.Message),
            _ => Problems.NotFound($"There is no {what}."),
        };
}
