namespace Saltern.Server.Actions;

/// <summary>Which actions a list is to show; what is null does not filter.</summary>
internal sealed record ActionFilter
{
    public IReadOnlyList<string>? Statuses { get; init; }

    public string? Kind { get; init; }

    public string? CreatedBy { get; init; }

    /// <summary>True: only archived ones; false: only the others.</summary>
    public bool? Archived { get; init; }

    /// <summary>Created at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Created before this time.</summary>
    public DateTimeOffset? To { get; init; }
}
