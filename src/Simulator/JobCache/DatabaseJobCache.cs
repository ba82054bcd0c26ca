using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Ledger;

namespace Saltern.Simulator.JobCache;

/// <summary>
/// The job cache in PostgreSQL, written with the statements of Salt's pgjsonb returner: the load before publishing,
/// then for each return the load again (overwritten with that return) and a row in salt_returns, each in a transaction
/// of its own. Like the returner it does not try twice: what cannot be stored is lost and counted. Unlike it, the
/// connections are kept. Values go as untyped literals, as psycopg2 sends them, so that json and jsonb columns both
/// take them.
/// </summary>
internal sealed partial class DatabaseJobCache : IJobCache
{
    internal const string SaveLoadSql = """
        insert into jids (jid, load) values ($1, $2) on conflict (jid) do update set load = $2
        """;

    internal const string StoreReturnSql = """
        insert into salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        values ($1, $2, $3, $4, $5, $6, $7)
        """;

    internal const string StoreEventSql = """
        insert into salt_events (tag, data, master_id, alter_time) values ($1, $2, $3, $4)
        """;

    internal const string LoadSql = "select load::text from jids where jid = $1";

    internal const string ReturnsSql = "select id, full_ret::text from salt_returns where jid = $1";

    internal const string JobsSql = "select jid, load::text from jids";

    private readonly SimulatorOptions options;
    private readonly TimeProvider clock;
    private readonly RunLedger ledger;
    private readonly ILogger logger;
    private readonly NpgsqlDataSource source;
    private readonly Channel<Write> queue;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task[] writers;
    private long lost;
    private long stored;
    private long waiting;

    public DatabaseJobCache(SimulatorOptions options, TimeProvider clock, RunLedger ledger, ILogger logger)
    {
        this.options = options;
        this.clock = clock;
        this.ledger = ledger;
        this.logger = logger;
        source = NpgsqlDataSource.Create(ConnectionString(options));
        queue = Channel.CreateBounded<Write>(options.WriteQueue);
        writers = [.. Enumerable.Range(0, options.Writers).Select(_ => Task.Run(WriterAsync))];
    }

    public long Lost => Interlocked.Read(ref lost);

    public long Stored => Interlocked.Read(ref stored);

    public bool IsQuiet => Interlocked.Read(ref waiting) == 0;

    public async Task SaveLoadAsync(
        string jid, string load, IReadOnlyList<string> minions, CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlCommand command = source.CreateCommand(SaveLoadSql);
            AddLoad(command.Parameters, jid, load);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (NpgsqlException error)
        {
            LogLost(logger, error, "load");
        }
    }

    public ValueTask StoreReturnAsync(StoredReturn row, CancellationToken cancellationToken) =>
        EnqueueAsync(new Write(row, "", ""), cancellationToken);

    public ValueTask StoreEventAsync(string tag, string data, CancellationToken cancellationToken) =>
        EnqueueAsync(new Write(null, tag, data), cancellationToken);

    public async Task<JsonObject?> LoadOfAsync(string jid, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = source.CreateCommand(LoadSql);
        command.Parameters.AddWithValue(jid);
        return await command.ExecuteScalarAsync(cancellationToken) is string load ? Json.Parse(load)?.AsObject() : null;
    }

    public async Task<JsonObject> ReturnsOfAsync(string jid, CancellationToken cancellationToken)
    {
        JsonObject found = [];
        await using NpgsqlCommand command = source.CreateCommand(ReturnsSql);
        command.Parameters.AddWithValue(jid);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found[reader.GetString(0)] = Json.Parse(reader.GetString(1));
        }

        return found;
    }

    public async Task<List<(string Jid, JsonObject Load)>> JobsAsync(CancellationToken cancellationToken)
    {
        List<(string Jid, JsonObject Load)> jobs = [];
        await using NpgsqlCommand command = source.CreateCommand(JobsSql);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            jobs.Add((reader.GetString(0), Json.Parse(reader.GetString(1)) as JsonObject ?? []));
        }

        return jobs;
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await stopping.CancelAsync();
        await Task.WhenAll(writers);
        await source.DisposeAsync();
        stopping.Dispose();
    }

    private static string ConnectionString(SimulatorOptions options)
    {
        NpgsqlConnectionStringBuilder builder = new(options.Database)
        {
            MaxPoolSize = options.Writers + 16,
            MaxAutoPrepare = 10,
            AutoPrepareMinUsages = 1,
            ApplicationName = "saltern simulator " + options.Name,
        };
        builder.SearchPath ??= "salt";
        return builder.ConnectionString;
    }

    private ValueTask EnqueueAsync(Write write, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref waiting);
        return queue.Writer.WriteAsync(write, cancellationToken);
    }

    private async Task WriterAsync()
    {
        using ReturnWriter writer = new(options, clock, source);
        try
        {
            while (await queue.Reader.WaitToReadAsync(stopping.Token))
            {
                await WriteSomeAsync(writer);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            LogStopped(logger, queue.Reader.Count);
        }
    }

    private async Task WriteSomeAsync(ReturnWriter writer)
    {
        List<Write> some = [];
        int most = options.Fast ? 500 : 1;
        while (some.Count < most && queue.Reader.TryRead(out Write write))
        {
            some.Add(write);
        }

        StoredReturn[] rows = [.. some.Select(write => write.Row).OfType<StoredReturn>()];
        try
        {
            await writer.WriteAsync(some, stopping.Token);
            Interlocked.Add(ref stored, rows.Length);
            foreach (StoredReturn row in rows.Where(row => row.Minion is not null))
            {
                ledger.Stored(row.Jid, row.Minion!.Value);
            }
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            // Whatever it was, this return is lost as the returner would lose it, and the writer goes on.
            Interlocked.Add(ref lost, rows.Length);
            LogLost(logger, error, "return or event");
        }
        finally
        {
            Interlocked.Add(ref waiting, -some.Count);
        }
    }

    internal static void AddLoad(NpgsqlParameterCollection parameters, string jid, string load)
    {
        parameters.AddWithValue(jid);
        AddLiteral(parameters, load);
    }

    internal static void AddLiteral(NpgsqlParameterCollection parameters, string json) =>
        parameters.Add(new NpgsqlParameter { Value = json, NpgsqlDbType = NpgsqlDbType.Unknown });

    [LoggerMessage(Level = LogLevel.Warning, Message = "A {Kind} could not be stored in the job cache and is lost")]
    private static partial void LogLost(ILogger logger, Exception error, string kind);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A job cache writer stops with {Waiting} writes waiting")]
    private static partial void LogStopped(ILogger logger, int waiting);

    internal readonly record struct Write(StoredReturn? Row, string Tag, string Body);
}
