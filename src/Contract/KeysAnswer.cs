namespace Saltern.Contract;

/// <summary>What changing keys came to.</summary>
/// <param name="Changed">The minions whose key now stands as ordered.</param>
/// <param name="Refused">The others, each with the reason.</param>
public sealed record KeysAnswer(IReadOnlyList<string> Changed, IReadOnlyDictionary<string, string> Refused);
