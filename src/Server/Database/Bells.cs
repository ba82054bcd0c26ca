namespace Saltern.Server.Database;

/// <summary>
/// The bells of this process; <see cref="NotificationListener"/> rings them, and so may whoever made work.
/// </summary>
internal sealed class Bells
{
    /// <summary>Returns wait in the inbox.</summary>
    public Bell Inbox { get; } = new();

    /// <summary>Something may be due, or places in flight became free.</summary>
    public Bell Due { get; } = new();
}
