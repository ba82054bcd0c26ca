using System.Text.Json;
using Saltern.Server.Channels;

namespace Saltern.Server.Actions;

/// <summary>What a kind makes of a return, or of the answer to an ask.</summary>
internal abstract record TargetOutcome
{
    private TargetOutcome()
    {
    }

    /// <summary>It went well.</summary>
    /// <param name="Reason">A short summary for the list, or null where there is nothing worth a word.</param>
    /// <param name="Grains">Grains the minion told on the way; the fleet learns them.</param>
    /// <param name="Software">What it told of its products or repositories; kept for it.</param>
    internal sealed record Completed(
        string? Reason, JsonElement? Grains = null, InstalledSoftware? Software = null) : TargetOutcome;

    /// <summary>It went wrong, for this reason.</summary>
    internal sealed record Failed(string Reason) : TargetOutcome;

    /// <summary>
    /// The minion was occupied and did nothing; the target is Queued again and no attempt is counted.
    /// </summary>
    internal sealed record Busy(string Reason) : TargetOutcome;

    /// <summary>Not known yet: the minion is to be asked (<see cref="ActionKind.AskCall"/>) after this time.</summary>
    internal sealed record AskLater(TimeSpan After, string Reason) : TargetOutcome;
}
