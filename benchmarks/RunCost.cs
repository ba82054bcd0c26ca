namespace Saltern.Bench;

/// <summary>What running actions took: time, and processor time of the server and of PostgreSQL.</summary>
internal readonly record struct RunCost(int Targets, double Seconds, double ServerSeconds, double DatabaseSeconds)
{
    public double SecondsPerThousand => Seconds * 1_000 / Targets;

    public double ServerPerThousand => ServerSeconds * 1_000 / Targets;

    public double DatabasePerThousand => DatabaseSeconds * 1_000 / Targets;

    public override string ToString() =>
        $"{Targets:N0} targets in {Figure.Number(Seconds)} s; per 1,000 processor time of the server "
        + $"{Figure.Number(ServerPerThousand)} s, of PostgreSQL {Figure.Number(DatabasePerThousand)} s";

    public static RunCost operator +(RunCost one, RunCost other) => new(
        one.Targets + other.Targets, one.Seconds + other.Seconds, one.ServerSeconds + other.ServerSeconds,
        one.DatabaseSeconds + other.DatabaseSeconds);
}
