namespace Saltern.Contract;

/// <summary>The answer to an order that was taken.</summary>
/// <param name="Id">The new action.</param>
/// <param name="Targets">How many minions it is for; 0 while they are to be found at its start.</param>
public sealed record ActionScheduled(long Id, int Targets);
