using System.Security.Claims;
using Saltern.Contract;

namespace Saltern.Server.Access;

/// <summary>Who holds a token, and what the token allows.</summary>
/// <param name="TokenId">The token's row; <see cref="TokenAccess.FindAsync"/> tells whether it still holds.</param>
/// <param name="Name">The token's name: the actor of every order made with it.</param>
/// <param name="Permissions">Words of <see cref="PermissionNames"/>.</param>
/// <param name="ExpiresAt">When the token ends by itself.</param>
internal sealed record AccessIdentity(
    long TokenId, string Name, IReadOnlyList<string> Permissions, DateTimeOffset? ExpiresAt)
{
    public const string PermissionClaim = "permission";

    public const string TokenClaim = "token";

    public bool May(string permission) =>
        Permissions.Contains(permission) || Permissions.Contains(PermissionNames.Admin);

    public ClaimsPrincipal ToPrincipal(string scheme) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.Name, Name),
            new Claim(TokenClaim, TokenId.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            .. Permissions.Select(permission => new Claim(PermissionClaim, permission)),
        ],
        scheme));
}
