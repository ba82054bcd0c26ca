namespace Saltern.Server.Salt;

/// <summary>What a fresh login told about a master.</summary>
/// <param name="RoundTrip">How long the login took.</param>
/// <param name="ExpiresAt">When the master will forget the login, if it said so.</param>
/// <param name="HasRights">Whether external_auth lists anything for our user; without, every call is refused.</param>
internal sealed record MasterProbe(TimeSpan RoundTrip, DateTimeOffset? ExpiresAt, bool HasRights)
{
    /// <summary>Which functions external_auth lists; null where the master did not say.</summary>
    public MasterRights? Rights { get; init; }
}
