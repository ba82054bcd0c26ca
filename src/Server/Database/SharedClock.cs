using Npgsql;

namespace Saltern.Server.Database;

/// <summary>
/// PostgreSQL's clock, as this node knows it: the one clock of an installation. Nodes whose own clocks differ by
/// minutes would otherwise disagree on what is due, and the fastest would run things early. The difference is measured
/// now and then (<see cref="ClockWatch"/>); between two measurements time goes on by this machine's steady counter, so
/// that a clock which is set, forward or back, moves nothing. Timers and time stamps are the machine's own.
/// </summary>
internal sealed class SharedClock(TimeProvider own) : TimeProvider
{
    /// <summary>Smaller differences are left alone: a measurement is no better than its round trip.</summary>
    internal static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private (DateTimeOffset Time, long Stamp) known = (own.GetUtcNow(), own.GetTimestamp());

    public override long TimestampFrequency => own.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => own.LocalTimeZone;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return known.Time + own.GetElapsedTime(known.Stamp);
        }
    }

    public override long GetTimestamp() => own.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        own.CreateTimer(callback, state, dueTime, period);

    /// <summary>
    /// Whether the machine's own clock has left its steady counter since the last measurement: it was set, or the
    /// machine slept. Then it is time to measure.
    /// </summary>
    public TimeSpan OwnAhead => own.GetUtcNow() - GetUtcNow();

    /// <summary>
    /// Asks PostgreSQL for its time and goes by it; returns by how much that moved ours. The answer was made at some
    /// moment of the round trip; its middle is taken.
    /// </summary>
    public async Task<TimeSpan> MeasureAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var asked = own.GetTimestamp();
        var told = (await Statement.QueryAsync(
            connection, NowSql, [], row => row.GetFieldValue<DateTimeOffset>(0), cancellationToken))[0];
        var trip = own.GetElapsedTime(asked);
        lock (gate)
        {
            var moved = told + (trip / 2) - (known.Time + own.GetElapsedTime(known.Stamp));
            if (moved.Duration() <= Tolerance + trip)
            {
                return TimeSpan.Zero;
            }

            known = (told + (trip / 2), own.GetTimestamp());
            return moved;
        }
    }

    internal const string NowSql = "select clock_timestamp()";
}
