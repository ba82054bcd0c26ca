namespace Saltern.Server.Access;

/// <summary>A token as a line of a list, without the token.</summary>
internal sealed record TokenLine(
    string Name, IReadOnlyList<string> Permissions, string CreatedBy, DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? LastUsedAt);
