using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Simulator.JobCache;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.SaltApi;

namespace Saltern.Simulator.Runners;

/// <summary>
/// Functions that run on the master: runner and wheel. Each is a job of its own that leaves a row in jids and
/// salt_returns under the master's id, with success <c>false</c> even when it went well. A runner that raises answers
/// 200 with a text.
/// </summary>
internal sealed partial class MasterJobs(
    SimulatorParts parts,
    Jids jids,
    IJobCache cache,
    IReadOnlyDictionary<string, MasterFunction> functions,
    ILogger logger)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Task, byte> running = [];
    private readonly CancellationTokenSource stopping = new();

    public async Task<JsonNode?> RunnerAsync(LowChunk low, CancellationToken cancellationToken)
    {
        MasterFunction function = Find("run", low);
        JsonObject done = await RunAsync("run", function, low, jids.Next(), cancellationToken);
        return done["return"]?.DeepClone();
    }

    public async Task<JsonNode?> WheelAsync(LowChunk low, CancellationToken cancellationToken)
    {
        MasterFunction function = Find("wheel", low);
        JsonObject done = await RunAsync("wheel", function, low, jids.Next(), cancellationToken);
        return new JsonObject { ["tag"] = done["tag"]?.DeepClone(), ["data"] = done };
    }

    /// <summary>Starts it and answers with jid and tag at once.</summary>
    public JsonObject Start(LowChunk low, string kind)
    {
        MasterFunction function = Find(kind, low);
        string jid = jids.Next();
        Task task = Task.Run(() => RunAsync(kind, function, low, jid, stopping.Token));
        running[task] = 0;
        task.ContinueWith(ended => running.TryRemove(ended, out _), TaskScheduler.Default);
        return new JsonObject { ["tag"] = $"salt/{kind}/{jid}", ["jid"] = jid };
    }

    /// <summary>What POST /token leaves behind: the credentials in clear.</summary>
    public ValueTask StoreTokenAsync(
        string user, JsonObject credentials, JsonObject token, CancellationToken cancellationToken)
    {
        JsonObject done = new()
        {
            ["fun"] = "runner.auth.mk_token",
            ["jid"] = jids.Next(),
            ["user"] = user,
            ["fun_args"] = new JsonArray(credentials.DeepClone()),
            ["_stamp"] = Jids.Stamp(parts.Clock.GetUtcNow()),
            ["return"] = token.DeepClone(),
            ["success"] = true,
        };
        return StoreAsync(done, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private MasterFunction Find(string kind, LowChunk low) =>
        functions.GetValueOrDefault($"{kind}:{low.Function}") ?? throw new ServerError();

    private async Task<JsonObject> RunAsync(
        string kind, MasterFunction function, LowChunk low, string jid, CancellationToken cancellationToken)
    {
        string client = kind == "run" ? "runner" : "wheel";
        MasterCall call = new(function, low);
        JsonObject done = new()
        {
            ["fun"] = $"{client}.{low.Function}",
            ["jid"] = jid,
            ["tag"] = $"salt/{kind}/{jid}",
            ["user"] = low.User,
            ["_stamp"] = Jids.Stamp(parts.Clock.GetUtcNow()),
        };
        if (kind == "run")
        {
            done.Remove("tag");
            done["fun_args"] = call.FunArgs();
        }

        parts.Events.Fire($"salt/{kind}/{jid}/new", Json.Text(done));
        try
        {
            done["return"] = await function.RunAsync(call, cancellationToken);
            done["success"] = true;
        }
        catch (Exception error) when (error is NpgsqlException or FormatException or IndexOutOfRangeException)
        {
            LogRaised(logger, error, low.Function);
            done["return"] = $"Exception occurred in {client} {low.Function}: Traceback (most recent call last):\n"
                + "  File \"/usr/lib/python3/dist-packages/salt/client/mixins.py\", line 388, in low\n"
                + $"{error.Message}\n";
            done["success"] = false;
        }

        parts.Events.Fire($"salt/{kind}/{jid}/ret", Json.Text(done));
        await StoreAsync(done, cancellationToken);
        return done;
    }

    private ValueTask StoreAsync(JsonObject done, CancellationToken cancellationToken)
    {
        string jid = Json.TextOf(done["jid"]);
        JsonObject full = new()
        {
            ["id"] = parts.Options.Name,
            ["tgt"] = parts.Options.Name,
            ["jid"] = jid,
            ["return"] = done.DeepClone(),
            ["fun"] = done["fun"]?.DeepClone(),
            ["user"] = done["user"]?.DeepClone(),
        };
        StoredReturn row = new(
            Json.TextOf(done["fun"]), jid, Json.Text(done), parts.Options.Name, Success: false, Json.Text(full));
        return cache.StoreReturnAsync(row, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Function {Function} on the simulated master raised")]
    private static partial void LogRaised(ILogger logger, Exception error, string function);
}
