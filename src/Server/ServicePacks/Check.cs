using Saltern.Server.Actions;
using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>A look at a minion after a real run, with all that it takes.</summary>
internal sealed record Check
{
    public required long Change { get; init; }

    public required ActionId Action { get; init; }

    public required string Name { get; init; }

    public required CheckState State { get; init; }

    /// <summary>What it tells that is no older than this is of after the run.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>What the run changed is there after the next boot only.</summary>
    public required bool NextBoot { get; init; }

    /// <summary>Why it was not restarted though that was ordered.</summary>
    public required string? NotRestarted { get; init; }

    /// <summary>What was found to differ at the last look.</summary>
    public required IReadOnlyList<string> Known { get; init; }

    public required string Arguments { get; init; }

    public required ChannelAssignment? Before { get; init; }

    public required ChannelAssignment After { get; init; }

    /// <summary>What is assigned now.</summary>
    public required ChannelAssignment? Assigned { get; init; }

    /// <summary>
    /// The sets of products it had before this run and before earlier ones to the same target, the latest first.
    /// </summary>
    public required IReadOnlyList<long> ProductsBefore { get; init; }

    public required long? Products { get; init; }

    public required DateTimeOffset? ProductsAt { get; init; }

    public required IReadOnlyList<MinionRepository> Repositories { get; init; }

    public required DateTimeOffset? RepositoriesAt { get; init; }

    /// <summary>Why the orders to read it came to nothing, where they did.</summary>
    public required string? Reason { get; init; }

    /// <summary>It told of both since the run.</summary>
    public bool IsRead => Products is not null && ProductsAt >= Since && RepositoriesAt >= Since;
}
