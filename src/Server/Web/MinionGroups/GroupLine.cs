using Saltern.Contract;

namespace Saltern.Server.Web.MinionGroups;

/// <summary>A group as pages show it.</summary>
/// <param name="Minions">How many it has, by hand or by its rule; null where it was not counted.</param>
public sealed record GroupLine(long Id, GroupSummary Group, int? Minions)
{
    public string Address => $"/groups/{Id}";
}
