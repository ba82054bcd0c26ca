using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Actions;

namespace Saltern.Server.Api;

/// <summary>/kinds: what can be ordered.</summary>
internal static class KindEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/kinds", List).RequireAuthorization(PermissionNames.Read).WithTags("Actions")
            .WithSummary("List the kinds of action this server knows");

    private static Ok<IReadOnlyList<KindSummary>> List(ActionKinds kinds) =>
        TypedResults.Ok<IReadOnlyList<KindSummary>>(
        [.. kinds.Names.Select(kinds.Get).Select(kind => new KindSummary(kind.Name, kind.Exclusive, kind.Permission))]);
}
