using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Saltern.Contract;

namespace Saltern.Server.Access;

/// <summary>
/// Takes <c>Authorization: Bearer slt_…</c>. A refusal says what is missing: no token, why this one does not hold, or
/// which permission it lacks.
/// </summary>
internal sealed class BearerAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder,
    TokenAccess tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Bearer";

    private string? refusal;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        // Who may come in without a token is not turned away for one that cannot be looked up.
        var open = Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        if (header.Length == 0 || open)
        {
            return AuthenticateResult.NoResult();
        }

        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return Refuse("The Authorization header must be 'Bearer' and a token.");
        }

        return await tokens.AuthenticateAsync(header["Bearer ".Length..].Trim(), Context.RequestAborted) switch
        {
            AccessAnswer.Granted granted => AuthenticateResult.Success(
                new AuthenticationTicket(granted.Identity.ToPrincipal(SchemeName), SchemeName)),
            AccessAnswer.Refused refused => Refuse(refused.Reason),
            _ => throw new InvalidOperationException("A token is granted or refused."),
        };
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers[HeaderNames.WWWAuthenticate] = SchemeName;
        return WriteAsync(
            StatusCodes.Status401Unauthorized,
            "Not signed in",
            refusal ?? "Send a token in the header 'Authorization: Bearer slt_…'; 'saltern token create' makes one.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var missing = MissingPermissions();
        return WriteAsync(
            StatusCodes.Status403Forbidden,
            "Not allowed",
            $"The token '{Context.User.Identity?.Name}' lacks the permission {string.Join(" and ", missing)}.");
    }

    private List<string> MissingPermissions() =>
    [
        .. Context.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>()
            .Select(data => data.Policy)
            .Where(policy => policy is not null && PermissionNames.All.Contains(policy)
                && !Context.User.HasClaim(AccessIdentity.PermissionClaim, policy))
            .Select(policy => $"'{policy}'")
            .Distinct() ?? [],
    ];

    private AuthenticateResult Refuse(string reason)
    {
        refusal = reason;
        return AuthenticateResult.Fail(reason);
    }

    private Task WriteAsync(int status, string title, string detail)
    {
        Response.StatusCode = status;
        return Response.WriteAsJsonAsync(
            new Problem { Title = title, Status = status, Detail = detail },
            ContractJson.Options,
            "application/problem+json",
            Context.RequestAborted);
    }
}
