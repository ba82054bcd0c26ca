namespace Saltern.Contract;

/// <summary>A group of minions.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Rule">The rule that finds its minions; null for a group by hand.</param>
/// <param name="Members">How many members it has by hand; null for a group with a rule.</param>
/// <param name="CreatedBy">Who made it.</param>
/// <param name="CreatedAt">When.</param>
public sealed record GroupSummary(
    string Name, string? Rule, int? Members, string CreatedBy, DateTimeOffset CreatedAt);
