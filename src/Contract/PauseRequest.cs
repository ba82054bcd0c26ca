namespace Saltern.Contract;

/// <summary>Hand out nothing until resumed.</summary>
public sealed record PauseRequest
{
    /// <summary>Why, for those who wonder later.</summary>
    public string? Reason { get; init; }
}
