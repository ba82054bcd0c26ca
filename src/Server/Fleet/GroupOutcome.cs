namespace Saltern.Server.Fleet;

/// <summary>What an order about a group came to.</summary>
internal abstract record GroupOutcome
{
    private GroupOutcome()
    {
    }

    public sealed record Done(GroupId Group) : GroupOutcome;

    /// <summary>There is no such group.</summary>
    public sealed record Unknown : GroupOutcome;

    public sealed record Refused(string Argument, string Message) : GroupOutcome;
}
