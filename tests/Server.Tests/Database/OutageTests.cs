using System.IO;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Database;

public sealed class OutageTests
{
    private readonly Lines lines = new();
    private readonly TestClock clock = new();

    [Fact]
    public void An_outage_is_told_once_a_minute_and_its_end_once()
    {
        var outage = new Outage(clock, lines);
        var away = new NpgsqlException("Failed to connect", new IOException("refused"));
        for (var turn = 0; turn < 50; turn++)
        {
            Assert.True(outage.Covers(away));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Single(lines.Told);
        clock.Advance(TimeSpan.FromSeconds(20));
        outage.Covers(away);
        Assert.Equal(2, lines.Told.Count);
        outage.IsOver();
        outage.IsOver();

        Assert.Equal("PostgreSQL answers again, after 70 s", Assert.Single(lines.Told.Skip(2)));
    }

    [Fact]
    public void A_statement_that_is_wrong_or_too_slow_is_no_outage()
    {
        var outage = new Outage(clock, lines);

        Assert.False(outage.Covers(new NpgsqlException("Exception while reading", new TimeoutException())));
        Assert.False(outage.Covers(new PostgresException("no such column", "ERROR", "ERROR", "42703")));
        Assert.False(outage.Covers(new InvalidOperationException()));
        Assert.Empty(lines.Told);
    }

    private sealed class Lines : ILogger<Outage>
    {
        public List<string> Told { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Told.Add(formatter(state, exception));
    }
}
