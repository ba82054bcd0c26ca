namespace Saltern.Simulator.Jobs;

/// <summary>An agenda item that is a piece of code.</summary>
internal sealed class AgendaAction(Action action) : IAgendaItem
{
    public ValueTask RunAsync(CancellationToken cancellationToken)
    {
        action();
        return ValueTask.CompletedTask;
    }
}
