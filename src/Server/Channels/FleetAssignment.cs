namespace Saltern.Server.Channels;

/// <summary>What becomes of channels that are assigned to a selection of minions.</summary>
internal abstract record FleetAssignment
{
    private FleetAssignment()
    {
    }

    /// <summary>How many have it on record now, and those that were left as they are.</summary>
    public sealed record Done(int Minions, IReadOnlyList<(string Minion, string Why)> Held) : FleetAssignment;

    public sealed record Refused(IReadOnlyList<(string Argument, string Message)> Errors) : FleetAssignment;
}
