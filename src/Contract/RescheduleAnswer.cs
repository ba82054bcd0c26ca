namespace Saltern.Contract;

/// <summary>What rescheduling came to.</summary>
/// <param name="Queued">How many targets are queued again.</param>
public sealed record RescheduleAnswer(int Queued);
