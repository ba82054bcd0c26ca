namespace Saltern.Contract;

/// <summary>What a migration has come to, over all its minions; lists are cut to their largest entries.</summary>
public sealed record MigrationSummary
{
    public required long Action { get; init; }

    /// <summary>Whether it only tries what would happen.</summary>
    public required bool DryRun { get; init; }

    /// <summary>All targets of the action.</summary>
    public required int Targets { get; init; }

    /// <summary>Runs that succeeded, or would; those with nothing to do included.</summary>
    public required int Succeeded { get; init; }

    public required int NothingToDo { get; init; }

    public required int Failed { get; init; }

    /// <summary>Minions of which no result is known.</summary>
    public required int WithoutResult { get; init; }

    /// <summary>Minions whose run has ended a moment ago, and whose result is looked at next.</summary>
    public required int NotYetRead { get; init; }

    /// <summary>Minions that need a restart, but for those that we have restarted since.</summary>
    public required int RebootsNeeded { get; init; }

    /// <summary>Failures by cause, the most frequent first.</summary>
    public required IReadOnlyList<MigrationGroup> Failures { get; init; }

    /// <summary>Targets that ended without a result, by reason.</summary>
    public required IReadOnlyList<MigrationGroup> Others { get; init; }

    /// <summary>Packages that are removed, or would be, and on how many minions.</summary>
    public required IReadOnlyList<MigrationGroup> Removals { get; init; }

    /// <summary>
    /// What a real run that changed something did otherwise than the last dry run of the same choice on the same
    /// minion.
    /// </summary>
    public required IReadOnlyList<MigrationGroup> Differences { get; init; }

    /// <summary>Real runs after which the minion has the products and channels that were ordered.</summary>
    public required int Verified { get; init; }

    /// <summary>Real runs after which it has others.</summary>
    public required int Differing { get; init; }

    /// <summary>Real runs that succeeded, and whose minions have not been looked at yet.</summary>
    public required int NotYetVerified { get; init; }

    /// <summary>
    /// What minions have otherwise than ordered after a real run that succeeded (<c>differs</c>), and why others are
    /// not verified (<c>notYet</c>).
    /// </summary>
    public required IReadOnlyList<MigrationGroup> FoundAfter { get; init; }

    /// <summary>Changes of channels that a person has to look at; see <c>/servicepack/changes</c>.</summary>
    public required int Attention { get; init; }
}
