namespace Saltern.Server.Fleet;

/// <summary>One page of a list of minions, or why there is none.</summary>
internal abstract record MinionPage
{
    private MinionPage()
    {
    }

    /// <param name="Next">Where the next page begins; null on the last one.</param>
    public sealed record Found(IReadOnlyList<MinionRow> Minions, MinionCursor? Next) : MinionPage;

    /// <summary>A filter cannot be used: which, and why.</summary>
    public sealed record Refused(string Argument, string Message) : MinionPage;
}
