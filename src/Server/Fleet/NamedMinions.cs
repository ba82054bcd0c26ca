namespace Saltern.Server.Fleet;

/// <summary>What a list of minion ids comes to.</summary>
/// <param name="Found">Each id that one minion has, with its key.</param>
/// <param name="Unknown">Ids that no minion has.</param>
/// <param name="Ambiguous">Ids that minions of several key domains have.</param>
internal sealed record NamedMinions(
    IReadOnlyDictionary<string, MinionKey> Found, IReadOnlyList<string> Unknown, IReadOnlyList<string> Ambiguous)
{
    /// <summary>A sentence for each id that is not one minion's, up to as many as a refusal lists.</summary>
    public IReadOnlyList<string> Problems =>
    [
        .. Unknown.Select(name => $"There is no minion {name}.")
            .Concat(Ambiguous.Select(name => $"{name} is known in several key domains; name the domain too."))
            .Take(TargetSelector.MostNamesListed),
    ];
}
