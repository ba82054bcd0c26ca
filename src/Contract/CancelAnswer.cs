namespace Saltern.Contract;

/// <summary>What cancelling came to.</summary>
/// <param name="Cancelled">How many targets were still queued and are now cancelled.</param>
/// <param name="NotQueued">Some of the minions that are past cancelling.</param>
/// <param name="NotQueuedCount">How many of those there are in all.</param>
public sealed record CancelAnswer(int Cancelled, IReadOnlyList<string> NotQueued, int NotQueuedCount);
