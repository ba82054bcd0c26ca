namespace Saltern.Server.Results;

/// <summary>What settling did, in one pass or in several.</summary>
/// <param name="Drained">Rows taken out of the inbox.</param>
/// <param name="Targets">Targets that got their final status.</param>
/// <param name="Late">Guesses that the truth replaced.</param>
/// <param name="Repeats">Second copies of returns that were settled before.</param>
/// <param name="Unmatched">Returns that belong to no attempt of ours.</param>
internal sealed record Settled(int Drained, int Targets, int Late, int Repeats, int Unmatched)
{
    public static Settled Nothing { get; } = new(0, 0, 0, 0, 0);

    public static Settled operator +(Settled one, Settled other) => new(
        one.Drained + other.Drained, one.Targets + other.Targets, one.Late + other.Late, one.Repeats + other.Repeats,
        one.Unmatched + other.Unmatched);
}
