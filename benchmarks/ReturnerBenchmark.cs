using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Bench;

/// <summary>
/// One process of a master that returns through our returner, and one that does what Salt's stock pgjsonb does, in turn
/// into the same tables, over TCP with a password as masters log in; then ours with PostgreSQL stopped, and the spool
/// stored when it is back.
/// </summary>
internal sealed class ReturnerBenchmark : IBenchmark
{
    private const string Role = "salt_bench";

    /// <summary>The partitions of a master's fifth week.</summary>
    private const string DaysSql = """
        do $$ begin
            for i in -30..3 loop
                execute format(
                    'create table salt.day_%s partition of salt.salt_returns for values from (%L) to (%L)',
                    i + 30, current_date + i, current_date + i + 1);
            end loop;
        end $$
        """;

    private readonly string password = Guid.NewGuid().ToString("N");
    private int next;

    public string Name => "returner";

    public string What =>
        "Returns of about 3 KB from one Python process, one after the other, through `salt/returners/saltern.py`, and "
        + "as Salt's stock `pgjsonb` does it (two connections and two commits a return); over TCP with a password.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken)
    {
        // PostgreSQL's account must be able to enter it.
        var folder = $"/var/tmp/saltern-bench-{Guid.NewGuid():N}";
        try
        {
            return await RunAsync(folder, ground.Sizes, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<IReadOnlyList<Figure>> RunAsync(string folder, Sizes sizes, CancellationToken cancellationToken)
    {
        var count = sizes.ReturnsPerWriter;
        var few = Math.Max(20, count / 20);
        var spool = Path.Combine(folder, "spool");
        List<double> there = [];
        Series[] taken;
        string options;
        await using (var postgres = await StartAsync(folder, cancellationToken))
        {
            options = await PrepareAsync(postgres, spool, cancellationToken);
            taken = await Rounds.RunAsync(
                sizes.Rounds,
                ("ours", async () => await TimeAsync("ours", count, options, there, cancellationToken)),
                ("stock", async () => await TimeAsync("stock", few, options, [], cancellationToken)));
        }

        List<double> away = [];
        await TimeAsync("ours", count, options, away, cancellationToken);
        await using var again = await StartAsync(folder, cancellationToken);
        var watch = Stopwatch.StartNew();
        await ReplayAsync(folder, options, cancellationToken);
        var replayed = (count + 1) / watch.Elapsed.TotalSeconds;
        var rows = ((long)sizes.Rounds * (count + few + 2)) + count + 1;
        UnfinishedWorkException.Require(rows, await CountAsync(again, cancellationToken), "returns stored");

        var (ours, stock) = (taken[0].Rates(count), taken[1].Rates(few));
        return
        [
            Figure.AtLeast(
                "returns a second, times those of stock pgjsonb's pattern", ours.Median / stock.Median, 20, "",
                $"{ours.In("a second")}; stock {stock.In("a second")}"),
            Figure.AtMost("time in the master per return, p99", Percentile99(there), 5, " ms", Made(there)),
            Figure.AtMost("… while PostgreSQL is away, p99", Percentile99(away), 20, " ms", Made(away)),
            Figure.Known("stored from the spool", $"{Figure.Number(replayed)} a second"),
        ];
    }

    private static double Percentile99(List<double> times) => new Series(times).Percentile(99);

    private static string Made(List<double> times) =>
        $"median {Figure.Number(new Series(times).Median)}, most {Figure.Number(times.Max())}";

    private static Task<PrivatePostgres> StartAsync(string folder, CancellationToken cancellationToken) =>
        PrivatePostgres.StartAsync(folder, NullLogger<PrivatePostgres>.Instance, cancellationToken);

    /// <summary>The schema, the days, and a master's role. Gives the master's options.</summary>
    private async Task<string> PrepareAsync(PrivatePostgres postgres, string spool, CancellationToken cancellationToken)
    {
        var options = new DatabaseOptions { ConnectionString = postgres.ConnectionString + ";Pooling=false" };
        await using var dataSource = DatabaseConnections.Build(options, NullLoggerFactory.Instance);
        await new SchemaChanges(dataSource, Options.Create(options), NullLogger<SchemaChanges>.Instance)
            .ApplyAsync(cancellationToken);
        await new ReturnerRoles(dataSource).WriteAsync(Role, password, cancellationToken);
        await using var days = dataSource.CreateCommand(DaysSql);
        await days.ExecuteNonQueryAsync(cancellationToken);
        return JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["id"] = "bench",
            ["returner.saltern.host"] = "127.0.0.1",
            ["returner.saltern.port"] = postgres.Port,
            ["returner.saltern.db"] = PrivatePostgres.DatabaseName,
            ["returner.saltern.user"] = Role,
            ["returner.saltern.pass"] = password,
            ["returner.saltern.spool"] = spool,
        });
    }

    private async Task<TimeSpan> TimeAsync(
        string kind, int count, string options, List<double> times, CancellationToken cancellationToken)
    {
        var first = (Interlocked.Add(ref next, count + 1) - count).ToString(CultureInfo.InvariantCulture);
        var output = await PythonAsync(
            ["benchmarks/returner.py", kind, first, count.ToString(CultureInfo.InvariantCulture), options],
            cancellationToken);
        var taken = JsonSerializer.Deserialize<double[]>(output)!;
        times.AddRange(taken);
        return TimeSpan.FromMilliseconds(taken.Sum());
    }

    private static async Task ReplayAsync(string folder, string options, CancellationToken cancellationToken)
    {
        var config = Path.Combine(folder, "salt");
        Directory.CreateDirectory(config);
        // JSON is YAML.
        await File.WriteAllTextAsync(Path.Combine(config, "master"), options, cancellationToken);
        await PythonAsync(
            ["salt/saltern-spool", "replay", "--wait", "120", "--config-dir", config], cancellationToken);
    }

    private static async Task<string> PythonAsync(string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? output
            : throw new UnfinishedWorkException($"python3 {arguments[0]} failed: {await errors}");
    }

    private static async Task<long> CountAsync(PrivatePostgres postgres, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(postgres.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var count = new NpgsqlCommand(
            "select count(*) from (select distinct jid, id from salt.salt_returns) each", connection);
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }
}
