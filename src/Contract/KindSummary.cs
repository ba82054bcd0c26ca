namespace Saltern.Contract;

/// <summary>A kind of action this server knows.</summary>
/// <param name="Name">Its name, for example <c>package.install</c>.</param>
/// <param name="Exclusive">Whether a minion runs only one action of such kinds at a time.</param>
/// <param name="Permission">The permission it needs besides <c>schedule</c>; null where that is enough.</param>
public sealed record KindSummary(string Name, bool Exclusive, string? Permission);
