namespace Saltern.Contract;

/// <summary>
/// Whether the server can do its work. Masters are told but do not count: orders are kept while one is away.
/// </summary>
public sealed record ReadinessReport(bool Ready, IReadOnlyList<DependencyState> Dependencies);
