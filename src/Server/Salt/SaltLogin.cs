namespace Saltern.Server.Salt;

/// <summary>A login as salt-api gave it.</summary>
internal sealed record SaltLogin(string Token, DateTimeOffset? ExpiresAt, bool HasRights)
{
    /// <summary>Null where the master did not say.</summary>
    public MasterRights? Rights { get; init; }

    /// <summary>The token is as good as the password, so it stays out of whatever prints this.</summary>
    public override string ToString() => $"login until {ExpiresAt:O}";
}
