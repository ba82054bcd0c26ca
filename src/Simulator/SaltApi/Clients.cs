using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Runners;

namespace Saltern.Simulator.SaltApi;

/// <summary>The clients of salt-api that a low chunk can name.</summary>
internal sealed class Clients(SimulatorParts parts, Publisher publisher, LocalClient local, MasterJobs masterJobs)
{
    private static readonly TimeSpan MasterPatience = TimeSpan.FromSeconds(15);

    /// <summary>What GET / lists, enabled or not.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "local", "local_async", "local_batch", "local_subset", "runner", "runner_async", "ssh", "wheel", "wheel_async",
    ];

    private static readonly HashSet<string> Enabled =
        new(StringComparer.Ordinal) { "local", "local_async", "runner", "runner_async", "wheel", "wheel_async" };

    /// <summary>Refuses a client that is none or is not in netapi_enable_clients.</summary>
    public static void Check(JsonObject chunk)
    {
        string name = chunk["client"] is { } client ? Json.TextOf(client) : "None";
        if (!Names.Contains(name))
        {
            throw new ApiError(400, $"Invalid client specified: '{name}'");
        }

        if (!Enabled.Contains(name))
        {
            throw new ApiError(
                400, $"Client disabled: '{name}'. Add to 'netapi_enable_clients' master config option to enable.");
        }
    }

    public Task<JsonNode?> RunAsync(LowChunk low, CancellationToken cancellationToken) =>
        Json.TextOf(low.Body["client"]) switch
    {
        "local" => LocalAsync(low, cancellationToken),
        "local_async" => PublishAsync(low, cancellationToken),
        "runner" => masterJobs.RunnerAsync(low, cancellationToken),
        "wheel" => masterJobs.WheelAsync(low, cancellationToken),
        "runner_async" => Task.FromResult<JsonNode?>(masterJobs.Start(low, "run")),
        _ => Task.FromResult<JsonNode?>(masterJobs.Start(low, "wheel")),
    };

    private static void CheckCall(LowChunk low)
    {
        bool isText = low.Body["fun"] is JsonValue value && value.TryGetValue(out string? _);
        if (!isText || low.Target is null)
        {
            throw new ServerError();
        }
    }

    private async Task<JsonNode?> LocalAsync(LowChunk low, CancellationToken cancellationToken)
    {
        CheckCall(low);
        return await local.RunAsync(low, cancellationToken);
    }

    private async Task<JsonNode?> PublishAsync(LowChunk low, CancellationToken cancellationToken)
    {
        CheckCall(low);
        if (low.TargetType == "list" && low.Target is JsonArray names && names.Count > parts.Options.LongestTargetList)
        {
            await PublishTooLongAsync(low, cancellationToken);
        }

        Published? published = await publisher.PublishAsync(low, cancellationToken);
        return published is null
            ? new JsonObject()
            : new JsonObject { ["jid"] = published.Jid, ["minions"] = Json.Array(published.Minions) };
    }

    // The client of the master loses patience every five seconds and sends again, three times, while the master works
    // on the first: without a jid of the caller's own, three jobs.
    private async Task PublishTooLongAsync(LowChunk low, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < 3; attempt++)
        {
            await publisher.PublishAsync(low, cancellationToken);
        }

        await Task.Delay(MasterPatience, parts.Clock, cancellationToken);
        throw new ServerError();
    }
}
