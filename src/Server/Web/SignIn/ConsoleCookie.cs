using System.Globalization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saltern.Server.Access;
using Saltern.Server.Web.Refusals;

namespace Saltern.Server.Web.SignIn;

/// <summary>
/// The cookie that remembers which token someone signed in with. It holds the token's number, not the token, and each
/// request asks what that token may do now: one that is revoked ends its sessions at once.
/// </summary>
internal sealed class ConsoleCookie : IConfigureNamedOptions<CookieAuthenticationOptions>
{
    private static readonly TimeSpan Idle = TimeSpan.FromHours(12);

    public void Configure(CookieAuthenticationOptions options) => Configure(ConsoleAccess.SchemeName, options);

    public void Configure(string? name, CookieAuthenticationOptions options)
    {
        if (name != ConsoleAccess.SchemeName)
        {
            return;
        }

        options.Cookie.Name = "saltern";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = Idle;
        options.SlidingExpiration = true;
        options.Events.OnValidatePrincipal = AskAgainAsync;
        options.Events.OnRedirectToLogin = SendToSignIn;
        options.Events.OnRedirectToAccessDenied = SayWhatIsMissingAsync;
    }

    private static async Task AskAgainAsync(CookieValidatePrincipalContext context)
    {
        var tokens = context.HttpContext.RequestServices.GetRequiredService<TokenAccess>();
        var text = context.Principal?.FindFirst(AccessIdentity.TokenClaim)?.Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && await tokens.FindAsync(id, context.HttpContext.RequestAborted) is AccessAnswer.Granted granted)
        {
            context.ReplacePrincipal(granted.Identity.ToPrincipal(ConsoleAccess.SchemeName));
            return;
        }

        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(ConsoleAccess.SchemeName);
    }

    /// <summary>A part of a page cannot be replaced by the page to sign in: the browser is told to go there.</summary>
    private static Task SendToSignIn(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (context.Request.Headers.ContainsKey("HX-Request"))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers["HX-Redirect"] = "/sign-in";
            return context.Response.CompleteAsync();
        }

        var wanted = HttpMethods.IsGet(context.Request.Method)
            ? context.Request.PathBase + context.Request.Path + context.Request.QueryString
            : "/";
        context.Response.StatusCode = StatusCodes.Status302Found;
        context.Response.Headers.Location =
            wanted == "/" ? "/sign-in" : $"/sign-in?to={Uri.EscapeDataString(wanted)}";
        return Task.CompletedTask;
    }

    private static Task SayWhatIsMissingAsync(RedirectContext<CookieAuthenticationOptions> context) =>
        PageRefusals.NotAllowed(
            $"The token '{context.HttpContext.User.Identity?.Name}' lacks the permission for this. "
            + "Sign in with another, or ask whoever made it.").ExecuteAsync(context.HttpContext);
}
