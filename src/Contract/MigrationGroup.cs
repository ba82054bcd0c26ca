namespace Saltern.Contract;

/// <summary>Minions that have something of a migration in common.</summary>
/// <param name="Word">For programs: conflict, locked, a package's name, notDone, notPlanned, …</param>
/// <param name="Text">For people; zypper's own words where it said some.</param>
/// <param name="Minions">How many.</param>
/// <param name="Names">Some of them.</param>
public sealed record MigrationGroup(string Word, string? Text, int Minions, IReadOnlyList<string> Names);
