using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Xunit;

namespace Saltern.Simulator.Tests;

/// <summary>A simulated master with a job cache of its own and a client that is logged in.</summary>
internal sealed class Scene : IAsyncDisposable
{
    private readonly NpgsqlDataSource? source;

    private Scene(SimulatedMaster master, ApiClient api, NpgsqlDataSource? source)
    {
        Master = master;
        Api = api;
        this.source = source;
    }

    public SimulatedMaster Master { get; }

    public ApiClient Api { get; }

    public static SimulatorOptions Lab { get; } = new()
    {
        NamePattern = "m{0}",
        Minions = 3,
        User = "lab",
        Password = "lab-shared-secret",
        Latency = LatencyDistribution.None,
        RestartTime = TimeSpan.FromMilliseconds(50),
        RebootTime = TimeSpan.FromMilliseconds(100),
    };

    public static async Task<Scene> OpenAsync(
        PrivatePostgres postgres, SimulatorOptions? options = null, TimeProvider? clock = null)
    {
        string database = await postgres.CreateDatabaseAsync();
        SimulatedMaster master = new((options ?? Lab) with { Database = database }, clock ?? TimeProvider.System);
        return await OpenAsync(master, NpgsqlDataSource.Create(database));
    }

    public static Task<Scene> OpenWithFileCacheAsync(SimulatorOptions? options = null) => OpenAsync(
        new SimulatedMaster((options ?? Lab) with { Cache = CacheKind.File }, TimeProvider.System), null);

    /// <summary>The rows of salt_returns for a job, once there are as many as expected.</summary>
    public async Task<List<JsonObject>> ReturnsAsync(string jid, int expected)
    {
        List<JsonObject> rows = [];
        await UntilAsync(async () =>
        {
            rows = await QueryAsync(
                """
                select json_build_object('fun', fun, 'jid', jid, 'id', id, 'success', success, 'return', return::text,
                    'full_ret', full_ret)::text
                from salt.salt_returns where jid = $1 order by alter_time
                """,
                jid);
            return rows.Count >= expected;
        });
        Assert.Equal(expected, rows.Count);
        return rows;
    }

    public async Task<List<JsonObject>> QueryAsync(string sql, params object[] values)
    {
        List<JsonObject> rows = [];
        await using NpgsqlCommand command = source!.CreateCommand(sql);
        foreach (object value in values)
        {
            command.Parameters.AddWithValue(value);
        }

        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(JsonNode.Parse(reader.GetString(0), null, new JsonDocumentOptions { MaxDepth = 900 })!.AsObject());
        }

        return rows;
    }

    public static async Task UntilAsync(Func<Task<bool>> holds, int seconds = 20)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(seconds));
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }

    public static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Master.DisposeAsync();
        if (source is not null)
        {
            await source.DisposeAsync();
        }
    }

    private static async Task<Scene> OpenAsync(SimulatedMaster master, NpgsqlDataSource? source)
    {
        await master.StartAsync(CancellationToken.None);
        ApiClient api = new(master.Api);
        await api.LoginAsync();
        return new Scene(master, api, source);
    }
}
