using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Contract;
using Saltern.Server.Access;
using Saltern.Server.Web.Refusals;

namespace Saltern.Server.Web;

/// <summary>Who may see a page and who may send a form. A form must also have come from a page of ours.</summary>
internal static class ConsoleAccess
{
    public const string SchemeName = "Console";

    /// <summary>The policy for what anybody may do who is signed in, whatever the token allows.</summary>
    public const string SignedIn = "console";

    public static string PolicyFor(string permission) => $"console:{permission}";

    /// <summary>A page, or a part of one, for those who may read.</summary>
    public static void MapPage(this IEndpointRouteBuilder routes, string pattern, Delegate handler) =>
        routes.MapGet(pattern, handler).RequireAuthorization(PolicyFor(PermissionNames.Read));

    /// <summary>A form that orders something.</summary>
    public static void MapOrder(
        this IEndpointRouteBuilder routes, string pattern, string permission, Delegate handler) =>
        routes.MapPost(pattern, handler).RequireAuthorization(PolicyFor(permission))
            .AddEndpointFilter(CheckOriginAsync);

    public static bool May(this ClaimsPrincipal user, string permission) =>
        user.HasClaim(AccessIdentity.PermissionClaim, permission)
        || user.HasClaim(AccessIdentity.PermissionClaim, PermissionNames.Admin);

    public static string Actor(this ClaimsPrincipal user) =>
        user.Identity?.Name ?? throw new InvalidOperationException("Every order has an actor.");

    public static async ValueTask<object?> CheckOriginAsync(
        EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        return await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context)
            ? await next(invocation)
            : PageRefusals.Of(
                StatusCodes.Status400BadRequest, "This form is no longer good",
                "It was made before you signed in, or too long ago. Nothing was done. "
                + "Go back, reload the page and send it again.");
    }
}
