namespace Saltern.Server.Channels;

/// <summary>A product as a line of a list.</summary>
/// <param name="Predecessors">Products from which a running system can be upgraded to it.</param>
internal sealed record ProductRow(
    Product Product, string Source, IReadOnlyList<string> Predecessors, IReadOnlyList<string> Successors,
    int Channels);
