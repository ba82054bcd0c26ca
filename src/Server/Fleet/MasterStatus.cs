namespace Saltern.Server.Fleet;

/// <summary>A master as lists show it.</summary>
/// <param name="Configured">False for one that the settings no longer name; its row stays for its history.</param>
/// <param name="HealthReason">Why it is not well; of one that is up, why its keys are not believed.</param>
/// <param name="UnavailableUntil">Nothing is sent before; grows with each failure in a row.</param>
internal sealed record MasterStatus(
    MasterId Id,
    string Name,
    string KeyDomain,
    bool Configured,
    Pause? Paused,
    MasterHealth Health,
    string? HealthReason,
    DateTimeOffset? HealthAt,
    int Failures,
    DateTimeOffset? UnavailableUntil,
    DateTimeOffset? KeysReadAt);
