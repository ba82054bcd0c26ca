namespace Saltern.Simulator.Jobs;

/// <summary>Something that happens at its time: a job ends, a return arrives, a minion is back.</summary>
internal interface IAgendaItem
{
    ValueTask RunAsync(CancellationToken cancellationToken);
}
