using Microsoft.AspNetCore.Authorization;
using Saltern.Contract;

namespace Saltern.Server.Access;

/// <summary>Decides by the permissions that the token brought along as claims.</summary>
internal sealed class PermissionAuthorization : AuthorizationHandler<PermissionRequirement>
{
    protected override Task HandleRequirementAsync(
        AuthorizationHandlerContext context, PermissionRequirement requirement)
    {
        if (context.User.HasClaim(AccessIdentity.PermissionClaim, requirement.Permission)
            || context.User.HasClaim(AccessIdentity.PermissionClaim, PermissionNames.Admin))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
