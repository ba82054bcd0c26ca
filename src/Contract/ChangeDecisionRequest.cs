namespace Saltern.Contract;

/// <summary>What a person decides about a change of channels.</summary>
public sealed record ChangeDecisionRequest
{
    /// <summary>
    /// <c>keep</c>: the new channels stay (also: what needed attention was looked at); <c>takeBack</c>: those of before
    /// come back.
    /// </summary>
    public string? Channels { get; init; }
}
