using Microsoft.AspNetCore.Authorization;

namespace Saltern.Server.Access;

/// <summary>Whoever asks must hold this permission.</summary>
internal sealed record PermissionRequirement(string Permission) : IAuthorizationRequirement;
