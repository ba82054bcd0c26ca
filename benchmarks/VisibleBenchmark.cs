using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Database;
using Saltern.Simulator.Faults;

namespace Saltern.Bench;

/// <summary>How long after the commit of a return a user sees its status over REST.</summary>
internal sealed class VisibleBenchmark : IBenchmark
{
    private const int Writers = 8;
    private const int Probers = 8;

    /// <summary>One return in so many is watched: asking for each would be a load of its own.</summary>
    private const int ProbeEvery = 10;

    private const string JobsSql = """
        select m.minion_id, s.jid
        from action_target t join submission s on s.id = t.submission_id join minion m on m.minion_key = t.minion_key
        where t.action_id = $1 and t.status = 'PickedUp'
        """;

    private const string InsertSql = """
        insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        values ('state.apply', $1, $2, $3, 'true', $4, $5)
        """;

    private readonly (string Return, string Full)[] bodies = RealisticReturns.Make(500);

    public string Name => "visible";

    public string What =>
        "Returns of 2 to 4 KB inserted at an even pace by eight writers; for one in ten the target is asked for over "
        + "REST (`GET /actions/{id}/targets/{minion}`), again and again from its commit on, until its status is "
        + "Completed. Figures of each round, then their median.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        var returns = ground.Sizes.VisibleReturns;
        await using var stage = await LiveStage.StartAsync(
            ground, returns, cancellationToken, ("MaxInFlight", returns));
        await stage.WarmUpAsync(cancellationToken);
        await stage.Master.SetFaultAsync(new Fault { Name = FaultNames.NeverReturn }, cancellationToken);
        var (middle, slow) = (new List<double>(), new List<double>());
        for (var round = 0; round < ground.Sizes.VisibleRounds; round++)
        {
            var seen = new Series(await ReturnAsync(ground, stage, cancellationToken));
            middle.Add(seen.Percentile(50));
            slow.Add(seen.Percentile(99));
            Ground.Say($"  p50 {Figure.Number(middle[^1])} ms, p99 {Figure.Number(slow[^1])} ms");
        }

        var (p50, p99) = (new Series(middle), new Series(slow));
        var pace = $"{ground.Sizes.ReturnsPerSecond} returns a second";
        return
        [
            Figure.AtMost($"commit to status over REST at {pace}, p50", p50.Median, 20, " ms", p50.In("ms")),
            Figure.AtMost($"commit to status over REST at {pace}, p99", p99.Median, 100, " ms", p99.In("ms")),
        ];
    }

    private async Task<List<double>> ReturnAsync(Ground ground, LiveStage stage, CancellationToken cancellationToken)
    {
        var action = await stage.Server.ScheduleAsync(LiveStage.Order("state.apply"), cancellationToken);
        await ground.UntilAsync(
            async () => stage.Minions == await stage.Database.ScalarAsync<int>(
                "select picked_up from action_counts where action_id = $1", action),
            TimeSpan.FromMinutes(2), "all targets were picked up", cancellationToken);
        await Ground.SettleDownAsync(stage.Database);
        var jobs = await ReadJobsAsync(stage, action, cancellationToken);
        var pace = new Pace(ground.Clock, ground.Sizes.ReturnsPerSecond, jobs.Length);
        var probe = new StatusProbe(stage.Server, action, ground.Clock);
        var probers = Enumerable.Range(0, Probers).Select(_ => probe.RunAsync(cancellationToken)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(
            _ => WriteAsync(stage, jobs, pace, probe, cancellationToken)));
        probe.NoMore();
        await Task.WhenAll(probers);
        await stage.UntilEndedAsync(action, cancellationToken);
        var counts = (await stage.Server.ReadActionAsync(action, cancellationToken)).Counts;
        UnfinishedWorkException.Require(stage.Minions, counts.Completed, "completed targets");
        pace.RequireKept();
        return [.. probe.Milliseconds];
    }

    private static async Task<(string Minion, string Jid)[]> ReadJobsAsync(
        LiveStage stage, long action, CancellationToken cancellationToken)
    {
        await using var connection = await stage.Database.DataSource.OpenConnectionAsync(cancellationToken);
        var jobs = (await Statement.QueryAsync(
            connection, JobsSql, [action], row => (row.GetString(0), row.GetString(1)), cancellationToken)).ToArray();
        new Random(7).Shuffle(jobs);
        return jobs;
    }

    private async Task WriteAsync(
        LiveStage stage, (string Minion, string Jid)[] jobs, Pace pace, StatusProbe probe,
        CancellationToken cancellationToken)
    {
        await using var connection = await stage.Database.DataSource.OpenConnectionAsync(cancellationToken);
        await using var insert = new NpgsqlCommand(InsertSql, connection);
        var types = new[]
        {
            NpgsqlDbType.Text, NpgsqlDbType.Json, NpgsqlDbType.Text, NpgsqlDbType.Json, NpgsqlDbType.TimestampTz,
        };
        insert.Parameters.AddRange(types.Select(type => new NpgsqlParameter { NpgsqlDbType = type }).ToArray());
        await insert.PrepareAsync(cancellationToken);
        while (await pace.NextAsync(cancellationToken) is { } number)
        {
            var (minion, jid) = jobs[number];
            var body = bodies[number % bodies.Length];
            object[] row = [jid, body.Return, minion, body.Full, TimeProvider.System.GetUtcNow()];
            foreach (var (index, value) in row.Index())
            {
                insert.Parameters[index].Value = value;
            }

            await insert.ExecuteNonQueryAsync(cancellationToken);
            if (number % ProbeEvery == 0)
            {
                probe.Committed(minion);
            }
        }
    }
}
