namespace Saltern.Server.Fleet;

/// <summary>What a list of minion ids comes to.</summary>
/// <param name="Found">Each id that one minion has, with its key.</param>
/// <param name="Unknown">Ids that no minion has.</param>
/// <param name="Ambiguous">Ids that minions of several key domains have.</param>
internal sealed record NamedMinions(
    IReadOnlyDictionary<string, MinionKey> Found, IReadOnlyList<string> Unknown, IReadOnlyList<string> Ambiguous);
