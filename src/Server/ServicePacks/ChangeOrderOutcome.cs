namespace Saltern.Server.ServicePacks;

/// <summary>What came of a person's decision about a change of channels.</summary>
internal abstract record ChangeOrderOutcome
{
    private ChangeOrderOutcome()
    {
    }

    /// <summary>On record; carried out within moments.</summary>
    internal sealed record Accepted : ChangeOrderOutcome;

    internal sealed record NotFound : ChangeOrderOutcome;

    /// <summary>It is not a person's to decide, or not yet.</summary>
    internal sealed record Refused(string Why) : ChangeOrderOutcome;
}
