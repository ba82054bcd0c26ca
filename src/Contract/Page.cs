namespace Saltern.Contract;

/// <summary>A part of a list that may be longer than anyone wants to read at once.</summary>
/// <param name="Items">The entries, in the order of the list.</param>
/// <param name="Next">Give this as <c>after</c> to get what follows; null when this is the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
