namespace Saltern.Contract;

/// <summary>How something is that the server needs.</summary>
/// <param name="Name">What: <c>database</c>, <c>schema</c>, or <c>master</c> and its name.</param>
/// <param name="Good">Whether it is as it should be.</param>
/// <param name="Says">What was found.</param>
public sealed record DependencyState(string Name, bool Good, string Says);
