namespace Saltern.Simulation;

/// <summary>
/// A pass that stands in the middle of a call: asleep until it is woken, or held by its master until the call's own
/// time-out. Between two steps of the simulation every pass stands or has ended.
/// </summary>
internal sealed class Standing(string where, DateTimeOffset? heldUntil)
{
    private readonly TaskCompletionSource woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Where { get; } = where;

    /// <summary>By the world's clock; null for one that sleeps.</summary>
    public DateTimeOffset? HeldUntil { get; } = heldUntil;

    public Task Woken => woken.Task;

    public void Wake() => woken.TrySetResult();

    public void Kill() => woken.TrySetException(new NodeKilledException());
}
