namespace Saltern.Contract;

/// <summary>Why a request was not done (RFC 9457, application/problem+json).</summary>
public sealed record Problem
{
    /// <summary>The kind of problem in a few words.</summary>
    public string? Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public int? Status { get; init; }

    /// <summary>What is wrong this time, in a sentence.</summary>
    public string? Detail { get; init; }

    /// <summary>What is wrong with each argument, by its path in the request.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors { get; init; }
}
