using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Server.Access;

namespace Saltern.Server.Web.SignIn;

/// <summary>/sign-in and /sign-out.</summary>
internal static class SignInPages
{
    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapGet("/sign-in", Show).AllowAnonymous();
        pages.MapPost("/sign-in", SignInAsync).AllowAnonymous().AddEndpointFilter(ConsoleAccess.CheckOriginAsync);
        pages.MapPost("/sign-out", (Delegate)SignOutAsync)
            .RequireAuthorization(ConsoleAccess.SignedIn).AddEndpointFilter(ConsoleAccess.CheckOriginAsync);
    }

    private static RazorComponentResult<SignInPage> Show(string? to) => PageOf(to, null);

    private static async Task<IResult> SignInAsync(
        HttpContext context, TokenAccess tokens, CancellationToken cancellationToken)
    {
        var form = await context.Request.ReadFormAsync(cancellationToken);
        var to = form["to"].ToString();
        switch (await tokens.AuthenticateAsync(form["token"].ToString().Trim(), cancellationToken))
        {
            case AccessAnswer.Granted granted:
                await context.SignInAsync(
                    ConsoleAccess.SchemeName, granted.Identity.ToPrincipal(ConsoleAccess.SchemeName));
                return TypedResults.LocalRedirect(IsOurs(to) ? to : "/");
            case AccessAnswer.Refused refused:
                return PageOf(to, refused.Reason);
            default:
                throw new InvalidOperationException("A token is granted or refused.");
        }
    }

    private static async Task<RedirectHttpResult> SignOutAsync(HttpContext context)
    {
        await context.SignOutAsync(ConsoleAccess.SchemeName);
        return TypedResults.LocalRedirect("/sign-in");
    }

    private static RazorComponentResult<SignInPage> PageOf(string? to, string? refusal) =>
        new(new Dictionary<string, object?>
        {
            [nameof(SignInPage.To)] = IsOurs(to) ? to : null,
            [nameof(SignInPage.Refusal)] = refusal,
        })
        {
            StatusCode = refusal is null ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity,
        };

    /// <summary>Only a path on this server: nobody is sent elsewhere after typing a token.</summary>
    internal static bool IsOurs(string? path) =>
        path is ['/', ..] && !path.StartsWith("//", StringComparison.Ordinal)
        && !path.Contains('\\', StringComparison.Ordinal) && !path.Any(char.IsControl);
}
