namespace Saltern.Server.Fleet;

/// <summary>Whether a minion was heard from lately.</summary>
internal enum Presence
{
    /// <summary>Never heard from.</summary>
    Unknown,

    /// <summary>Heard from, but not within <see cref="FleetOptions.PresentWithin"/>.</summary>
    Absent,

    /// <summary>Heard from within <see cref="FleetOptions.PresentWithin"/>.</summary>
    Present,
}
