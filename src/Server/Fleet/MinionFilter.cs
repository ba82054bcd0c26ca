namespace Saltern.Server.Fleet;

/// <summary>Which minions a list shows; what is null does not filter.</summary>
internal sealed record MinionFilter
{
    /// <summary>A glob over ids; without <c>*</c>, <c>?</c> or <c>[</c> it is the beginning of an id.</summary>
    public string? Id { get; init; }

    public KeyStatus? KeyStatus { get; init; }

    public Presence? Presence { get; init; }

    /// <summary>The grain os, as it stands.</summary>
    public string? Os { get; init; }

    public string? Master { get; init; }

    public string? KeyDomain { get; init; }

    public string? Group { get; init; }

    /// <summary>A grain and a glob, <c>os:SLES</c>.</summary>
    public string? Grain { get; init; }

    /// <summary>Only minions whose id is claimed by another key as well.</summary>
    public bool OnlyConflicts { get; init; }
}
