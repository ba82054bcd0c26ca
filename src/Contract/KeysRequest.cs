namespace Saltern.Contract;

/// <summary>Whose keys to accept.</summary>
public sealed record KeysRequest
{
    /// <summary>Ids of minions.</summary>
    public IReadOnlyList<string>? Minions { get; init; }

    /// <summary>Their key domain; needed where two domains know the same minion id.</summary>
    public string? Domain { get; init; }
}
