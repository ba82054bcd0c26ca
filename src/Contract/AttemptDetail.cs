namespace Saltern.Contract;

/// <summary>One submission as one target sees it.</summary>
public sealed record AttemptDetail
{
    /// <summary>1 for the first.</summary>
    public required int Number { get; init; }

    /// <summary>PickedUp, Completed, Failed, Busy or NotSent.</summary>
    public required string Status { get; init; }

    /// <summary>The status is a guess (it never answered).</summary>
    public required bool Guessed { get; init; }

    /// <summary>The job id under which Salt ran it.</summary>
    public string? Jid { get; init; }

    /// <summary>The master that was handed the call.</summary>
    public string? Master { get; init; }

    public required DateTimeOffset PickedUpAt { get; init; }

    /// <summary>When the return reached the job cache.</summary>
    public DateTimeOffset? ReturnedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How many more returns came for the same job id.</summary>
    public required int Repeats { get; init; }

    public string? Reason { get; init; }

    /// <summary>What came back; null when nothing did, or when it is no longer kept.</summary>
    public ResultText? Result { get; init; }
}
