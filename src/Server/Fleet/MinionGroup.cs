namespace Saltern.Server.Fleet;

/// <summary>A group as lists show it.</summary>
/// <param name="Rule">Null for a group by hand.</param>
/// <param name="Members">How many members a group by hand has; null for one by rule, which is counted by
/// selecting.</param>
internal sealed record MinionGroup(
    GroupId Id, string Name, string? Rule, string CreatedBy, DateTimeOffset CreatedAt, int? Members);
