namespace Saltern.Cli.Doctor;

/// <summary>What one key of a master's settings means for Saltern, in a sentence or two.</summary>
/// <param name="Key">The key, as the settings have it.</param>
/// <param name="Good">Whether nothing is at risk by it.</param>
/// <param name="Says">What is so; where something is at risk, what, and what to set.</param>
internal sealed record Finding(string Key, bool Good, string Says);
