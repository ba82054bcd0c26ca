namespace Saltern.Contract;

/// <summary>What stopping came to.</summary>
/// <param name="Stopping">How many minions are told to end the job; what is queued is not among them.</param>
public sealed record StopAnswer(int Stopping);
