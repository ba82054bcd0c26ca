namespace Saltern.Bench;

/// <summary>
/// How much is measured. Limits are for the full sizes; the quick ones only show that everything runs and counts right.
/// </summary>
internal sealed record Sizes
{
    public static Sizes Full { get; } = new()
    {
        Targets = 100_000, Rounds = 5, SettleRounds = 3, ReturnsPerWriter = 3_000, VisibleReturns = 10_000,
        ReturnsPerSecond = 500, VisibleRounds = 3, WholeRuns = 3, Fleets = [1_000, 10_000, 100_000],
        TargetsPerRound = 20_000, WarmUps = 10, DayRows = 1_000_000, ComeBack = 10_000, Rest = TimeSpan.FromSeconds(60),
    };

    public static Sizes Quick { get; } = new()
    {
        Targets = 1_000, Rounds = 1, SettleRounds = 1, ReturnsPerWriter = 20, VisibleReturns = 200,
        ReturnsPerSecond = 200, VisibleRounds = 1, WholeRuns = 1, Fleets = [100, 200], TargetsPerRound = 200,
        WarmUps = 1, DayRows = 10_000, ComeBack = 100, Rest = TimeSpan.FromSeconds(2),
    };

    /// <summary>Minions of the action that is scheduled, settled, or run as a whole.</summary>
    public required int Targets { get; init; }

    public required int Rounds { get; init; }

    public required int SettleRounds { get; init; }

    public required int ReturnsPerWriter { get; init; }

    public required int VisibleReturns { get; init; }

    public required int ReturnsPerSecond { get; init; }

    public required int VisibleRounds { get; init; }

    public required int WholeRuns { get; init; }

    /// <summary>Sizes of fleets whose cost per target is compared.</summary>
    public required int[] Fleets { get; init; }

    /// <summary>A fleet runs as many actions in a round as make up so many targets, at least one.</summary>
    public required int TargetsPerRound { get; init; }

    /// <summary>
    /// Actions on up to 999 minions before anything is measured: a server that has just started compiles.
    /// </summary>
    public required int WarmUps { get; init; }

    /// <summary>Returns in a day of the job cache that ends.</summary>
    public required int DayRows { get; init; }

    /// <summary>Minions that are down and come up at once.</summary>
    public required int ComeBack { get; init; }

    /// <summary>How long nothing happens while it is measured what that costs.</summary>
    public required TimeSpan Rest { get; init; }
}
