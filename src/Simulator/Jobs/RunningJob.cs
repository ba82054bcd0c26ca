using Saltern.Simulator.Functions;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Jobs;

/// <summary>A job that runs on one minion, from the moment the minion took it until it ends.</summary>
internal sealed class RunningJob(MinionProcess owner, Publication publication, int minion) : IAgendaItem
{
    public Publication Publication { get; } = publication;

    public int Minion { get; } = minion;

    /// <summary>The life of the minion's process that runs it; another life knows nothing of it.</summary>
    public required ushort Starts { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset EndsAt { get; init; }

    public required int Pid { get; init; }

    public required SaltFunction Function { get; init; }

    /// <summary>Set where the result is known from the start: wrong arguments, another state run going on.</summary>
    public FunctionResult? Refusal { get; init; }

    /// <summary>Ended by a signal: never returns.</summary>
    public bool Killed { get; set; }

    public ValueTask RunAsync(CancellationToken cancellationToken) => owner.EndAsync(this, cancellationToken);
}
