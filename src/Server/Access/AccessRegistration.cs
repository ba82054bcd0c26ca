using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Contract;

namespace Saltern.Server.Access;

internal static class AccessRegistration
{
    /// <summary>
    /// Tokens, and one authorization policy per permission, named for it. The policies take bearer tokens only: were a
    /// browser's cookie good for them, any page could send orders in its user's name.
    /// </summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<TokenAccess>();
        services.AddSingleton<Tokens>();
        services.AddSingleton<ConsoleKeys>();
        services.AddSingleton<IAuthorizationHandler, PermissionAuthorization>();
        services.AddAuthentication(BearerAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, BearerAuthentication>(BearerAuthentication.SchemeName, null);
        var authorization = services.AddAuthorizationBuilder();
        foreach (var permission in PermissionNames.All)
        {
            authorization.AddPolicy(permission, policy => policy
                .AddAuthenticationSchemes(BearerAuthentication.SchemeName)
                .RequireAuthenticatedUser()
                .AddRequirements(new PermissionRequirement(permission)));
        }

        return services;
    }
}
