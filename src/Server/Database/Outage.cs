using System.IO;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saltern.Server.Database;

/// <summary>
/// Keeps the log readable while PostgreSQL is away: every loop meets the same outage at every turn, and it is told once
/// a minute, with its end. Nothing but the log follows from it.
/// </summary>
internal sealed partial class Outage(TimeProvider clock, ILogger<Outage> log)
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private DateTimeOffset? began;
    private DateTimeOffset told;

    /// <summary>
    /// True for a problem that is an outage of the database: it is told by us, unless it has just been. A statement
    /// that took too long is none.
    /// </summary>
    public bool Covers(Exception problem)
    {
        if (!IsAway(problem))
        {
            return false;
        }

        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (began is null || now - told >= TellEvery)
            {
                (began, told) = (began ?? now, now);
                LogAway(problem.Message);
            }
        }

        return true;
    }

    /// <summary>Our session for notifications is there, or is there again.</summary>
    public void IsOver()
    {
        lock (gate)
        {
            if (began is { } since)
            {
                began = null;
                LogBack((clock.GetUtcNow() - since).TotalSeconds);
            }
        }
    }

    private static bool IsAway(Exception problem) => problem is IOException
        || (problem is NpgsqlException { InnerException: not TimeoutException } database && DatabaseAway.Is(database));

    [LoggerMessage(Level = LogLevel.Error,
        Message = "PostgreSQL does not answer ({Problem}). Every part goes on trying; what is in it is not lost")]
    private partial void LogAway(string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL answers again, after {Seconds:0} s")]
    private partial void LogBack(double seconds);
}
