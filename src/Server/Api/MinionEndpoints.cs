using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Fleet;
using MinionDetail = Saltern.Contract.MinionDetail;

namespace Saltern.Server.Api;

/// <summary>/minions: who there is, and their keys.</summary>
internal static class MinionEndpoints
{
    private const int MostKeys = 1_000;

    private delegate Task<IReadOnlyList<KeyOrderEnd>> KeyOrder(
        IReadOnlyCollection<MinionKey> minions, string actor, CancellationToken cancellationToken);

    public static void Map(RouteGroupBuilder api)
    {
        var minions = api.MapGroup("/minions").WithTags("Minions");
        minions.MapGet("/", ListAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("List minions, in the order of their ids")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        minions.MapGet("/{id}", ShowAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Show all that is known of a minion")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        minions.MapPost("/accept", AcceptManyAsync).RequireAuthorization(PermissionNames.Keys)
            .WithSummary("Accept the keys of several minions")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        minions.MapPost("/{id}/accept", AcceptAsync).RequireAuthorization(PermissionNames.Keys)
            .WithSummary("Accept the key of a minion").ProducesProblem(StatusCodes.Status404NotFound);
        minions.MapPost("/{id}/reject", RejectAsync).RequireAuthorization(PermissionNames.Keys)
            .WithSummary("Reject the key of a minion").ProducesProblem(StatusCodes.Status404NotFound);
        minions.MapDelete("/{id}/key", DeleteKeyAsync).RequireAuthorization(PermissionNames.Keys)
            .WithSummary("Delete the keys of a minion")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Page<MinionSummary>>, ProblemHttpResult>> ListAsync(
        [AsParameters] MinionListQuery query, MinionLists minions, CancellationToken cancellationToken)
    {
        if (!Paging.TryReadLimit(query.Limit, out var limit, out var problem)
            || !TryReadCursor(query.After, out var after, out problem)
            || !TryReadWord<KeyStatus>("keyStatus", query.KeyStatus, out var keyStatus, out problem)
            || !TryReadWord<Presence>("presence", query.Presence, out var presence, out problem))
        {
            return problem;
        }

        var filter = new MinionFilter
        {
            Id = query.Id,
            KeyStatus = keyStatus,
            Presence = presence,
            Os = query.Os,
            Master = query.Master,
            KeyDomain = query.Domain,
            Group = query.Group,
            Grain = query.Grain,
            OnlyConflicts = query.Conflicts ?? false,
        };
        return await minions.ListAsync(filter, after, limit, cancellationToken) switch
        {
            MinionPage.Found found => TypedResults.Ok(FleetViews.PageOf(found)),
            MinionPage.Refused refused => Problems.Invalid(
                refused.Argument == "keyDomain" ? "domain" : refused.Argument, refused.Message),
            _ => throw new InvalidOperationException("A list is found or refused."),
        };
    }

    private static async Task<Results<Ok<MinionDetail>, ProblemHttpResult>> ShowAsync(
        string id, string? domain, MinionLists minions, CancellationToken cancellationToken)
    {
        var found = await minions.FindAsync(id, domain, cancellationToken);
        if (NotOne(found.Count, id) is { } problem)
        {
            return problem;
        }

        return await minions.FindAsync(found[0], cancellationToken) is { } detail
            ? TypedResults.Ok(FleetViews.DetailOf(detail))
            : Problems.NotFound($"There is no minion {id}.");
    }

    private static async Task<Results<Ok<KeysAnswer>, ProblemHttpResult>> AcceptManyAsync(
        KeysRequest request, MinionNames names, KeyOrders keys, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        if (request.Minions is not { Count: >= 1 and <= MostKeys })
        {
            return Problems.Invalid("minions", $"Name 1 to {MostKeys} minions.");
        }

        var named = await names.FindAsync(request.Minions, request.Domain, cancellationToken);
        var ends = await keys.AcceptAsync([.. named.Found.Values], user.Identity!.Name!, cancellationToken);
        var refused = named.Unknown.Select(name => (name, Why: "There is no such minion."))
            .Concat(named.Ambiguous.Select(name => (name, Why: "Known in several key domains: say which.")))
            .Concat(ends.Where(end => end.Problem is not null).Select(end => (name: NameOf(end), Why: end.Problem!)));
        return TypedResults.Ok(new KeysAnswer(
            [.. ends.Where(end => end.Problem is null).Select(NameOf)],
            refused.ToDictionary(one => one.name, one => one.Why)));
    }

    private static Task<Results<Ok<KeysAnswer>, ProblemHttpResult>> AcceptAsync(
        string id, string? domain, MinionLists minions, KeyOrders keys, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        OrderAsync(id, domain, minions, keys.AcceptAsync, user, cancellationToken);

    private static Task<Results<Ok<KeysAnswer>, ProblemHttpResult>> RejectAsync(
        string id, string? domain, MinionLists minions, KeyOrders keys, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        OrderAsync(id, domain, minions, keys.RejectAsync, user, cancellationToken);

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteKeyAsync(
        string id, string? domain, MinionLists minions, KeyOrders keys, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        var answer = await OrderAsync(id, domain, minions, keys.DeleteAsync, user, cancellationToken);
        return answer.Result switch
        {
            ProblemHttpResult problem => problem,
            Ok<KeysAnswer> { Value.Refused: { Count: > 0 } refused } => Problems.Conflict(refused.First().Value),
            _ => TypedResults.NoContent(),
        };
    }

    private static async Task<Results<Ok<KeysAnswer>, ProblemHttpResult>> OrderAsync(
        string id, string? domain, MinionLists minions, KeyOrder order, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        var found = await minions.FindAsync(id, domain, cancellationToken);
        if (NotOne(found.Count, id) is { } problem)
        {
            return problem;
        }

        var ends = await order(found, user.Identity!.Name!, cancellationToken);
        return TypedResults.Ok(new KeysAnswer(
            [.. ends.Where(end => end.Problem is null).Select(NameOf)],
            ends.Where(end => end.Problem is not null).ToDictionary(NameOf, end => end.Problem!)));
    }

    private static string NameOf(KeyOrderEnd end) => end.MinionId ?? end.Minion.ToString();

    internal static ProblemHttpResult? NotOne(int found, string id) => found switch
    {
        0 => Problems.NotFound($"There is no minion {id}."),
        1 => null,
        _ => Problems.Conflict($"{id} is known in several key domains; say which with ?domain="),
    };

    private static bool TryReadCursor(
        string? text, out MinionCursor? cursor, [NotNullWhen(false)] out ProblemHttpResult? problem)
    {
        cursor = text is null ? null : FleetViews.Read(text);
        problem = text is not null && cursor is null
            ? Problems.Invalid("after", $"'{text}' is not what 'next' of an earlier page said.")
            : null;
        return problem is null;
    }

    private static bool TryReadWord<T>(
        string name, string? text, out T? word, [NotNullWhen(false)] out ProblemHttpResult? problem)
        where T : struct, Enum
    {
        var words = Enum.GetValues<T>();
        var found = Array.FindIndex(
            words, one => one.ToString().Equals(text, StringComparison.OrdinalIgnoreCase));
        word = found < 0 ? null : words[found];
        problem = text is null || found >= 0
            ? null
            : Problems.Invalid(
                name,
                $"'{text}' is not one of {string.Join(", ", words.Select(one => one.ToString().ToLowerInvariant()))}.");
        return problem is null;
    }
}
