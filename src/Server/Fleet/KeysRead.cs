namespace Saltern.Server.Fleet;

/// <summary>What reading the keys of one domain came to.</summary>
/// <param name="Masters">How many masters answered.</param>
/// <param name="Written">Minions that are new, or of which something changed.</param>
/// <param name="Gone">Minions that no master lists any more.</param>
internal sealed record KeysRead(string Domain, int Masters, int Written, int Gone)
{
    /// <summary>Masters that did not answer; what they said before stands.</summary>
    public int Unanswered { get; init; }

    /// <summary>Masters of which so many keys are gone that it does not count yet.</summary>
    public IReadOnlyList<string> Doubted { get; init; } = [];

    public bool Any => Written > 0 || Gone > 0;
}
