using Saltern.Contract;

namespace Saltern.Server.Changes;

/// <summary>One thing that those who watch are told.</summary>
internal abstract record ChangeEvent
{
    private ChangeEvent()
    {
    }

    /// <summary>How an action stands now.</summary>
    internal sealed record Action(ActionChanged Changed) : ChangeEvent;

    /// <summary>How some of its targets stand now.</summary>
    internal sealed record Targets(TargetsChanged Changed) : ChangeEvent;

    /// <summary>Something may have been missed: read again what is shown.</summary>
    internal sealed record Reload : ChangeEvent;
}
