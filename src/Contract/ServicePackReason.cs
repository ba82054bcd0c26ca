namespace Saltern.Contract;

/// <summary>Why minions cannot go somewhere.</summary>
/// <param name="Code">For programs: channelUnreachable, noSuccessor, …</param>
/// <param name="Subject">The product or channel it is about.</param>
/// <param name="Text">For people.</param>
/// <param name="Minions">How many minions it concerns.</param>
public sealed record ServicePackReason(string Code, string? Subject, string Text, int Minions);
