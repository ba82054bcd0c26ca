namespace Saltern.Contract;

/// <summary>A base product that minions can go to.</summary>
/// <param name="Possible">Minions for which nothing stands against it.</param>
/// <param name="Blocked">Minions whose product it follows, and something stands against it.</param>
public sealed record ServicePackStep(
    string Product, string Title, int Possible, int Blocked, IReadOnlyList<ServicePackReason> WhyNot);
