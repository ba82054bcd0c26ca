using System.Text;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Functions;
using Saltern.Simulator.JobCache;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// The way of a return from the minion through the master into the job cache. While the master is down a minion tries
/// three times for a minute; then the return is lost for good.
/// </summary>
internal sealed class ReturnPath(SimulatorParts parts, Fleet fleet, IJobCache cache, ReturnWaiters waiters)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    private int garbage;

    public ValueTask SendAsync(RunningJob job, FunctionResult result, CancellationToken cancellationToken)
    {
        Publication publication = job.Publication;
        string id = fleet.IdOf(job.Minion);
        Fault? Strikes(string name) => Strike(name, id, publication);

        if (Strikes(FaultNames.NeverReturn) is not null)
        {
            return ValueTask.CompletedTask;
        }

        Delivery delivery = new(this, publication, job.Minion, result)
        {
            GiveUpAt = parts.Clock.GetUtcNow() + Patience,
            Garbage = Strikes(FaultNames.ReturnGarbage),
        };
        if (Strikes(FaultNames.ReturnTwice) is { } twice)
        {
            parts.Agenda.Add(parts.Clock.GetUtcNow() + twice.Length, delivery);
        }

        if (Strikes(FaultNames.ReturnLate) is { } late)
        {
            delivery.GiveUpAt += late.Length;
            parts.Agenda.Add(parts.Clock.GetUtcNow() + late.Length, delivery);
            return ValueTask.CompletedTask;
        }

        return delivery.RunAsync(cancellationToken);
    }

    private async ValueTask DeliverAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (parts.Faults.IsSet(FaultNames.MasterDown))
        {
            RetryLater(delivery);
            return;
        }

        Publication publication = delivery.Publication;
        string id = fleet.IdOf(delivery.Minion);
        FunctionResult result = delivery.Result;
        string full = MinionReturn.Full(publication, id, result, Jids.Stamp(parts.Clock.GetUtcNow()));
        if (delivery.Garbage is { } fault)
        {
            (result, full) = Spoil(fault, publication, id, result, full);
        }

        parts.Ledger.Sent(publication.Jid, delivery.Minion);
        waiters.Offer(publication.Jid, id, result.Value);
        if (parts.Events.HasListeners)
        {
            parts.Events.Fire($"salt/job/{publication.Jid}/ret/{id}", full);
        }

        if (!Jids.CanReturn(publication.Jid) || IsLost(id, publication))
        {
            return;
        }

        await cache.StoreReturnAsync(
            new StoredReturn(publication.Function, publication.Jid, result.Value, id, result.Retcode == 0, full)
            {
                Minion = delivery.Minion,
                HeldOpen = Strike(FaultNames.CommitLate, id, publication)?.Length,
                Retcode = result.Retcode,
                Out = result.Out,
            },
            cancellationToken);
    }

    private bool IsLost(string id, Publication publication) =>
        Strike(FaultNames.LoseReturns, id, publication) is not null;

    private Fault? Strike(string name, string id, Publication publication) =>
        parts.Faults.Strike(name, id, publication.Function, publication.Job);

    private void RetryLater(Delivery delivery)
    {
        DateTimeOffset now = parts.Clock.GetUtcNow();
        if (now < delivery.GiveUpAt)
        {
            parts.Agenda.Add(now + BetweenTries, delivery);
        }
    }

    private (FunctionResult Result, string Full) Spoil(
        Fault fault, Publication publication, string id, FunctionResult result, string full)
    {
        string stamp = Jids.Stamp(parts.Clock.GetUtcNow());
        if (fault.Body is { } body)
        {
            FunctionResult given = result with { Value = body };
            return (given, MinionReturn.Full(publication, id, given, stamp));
        }

        int kind = Interlocked.Increment(ref garbage) % 7;
        if (kind >= 5)
        {
            string odd = kind == 5
                ? $"{{\"cmd\":\"_return\",\"id\":{Json.Quote(id)},\"return\":{result.Value},{publication.ReturnTail}}}"
                : full.Replace($"\"retcode\":{result.Retcode}", "\"retcode\":\"many\"", StringComparison.Ordinal);
            return (result, odd);
        }

        FunctionResult strange = result with
        {
            Value = kind switch { 0 => "null", 1 => "42", 2 => "[[], {}, \"?\"]", 3 => "\"\"", _ => Nested(200) },
        };
        return (strange, MinionReturn.Full(publication, id, strange, stamp));
    }

    private static string Nested(int depth) =>
        new StringBuilder().Insert(0, "{\"a\":", depth).Append("{}").Append('}', depth).ToString();

    private sealed class Delivery(
        ReturnPath path, Publication publication, int minion, FunctionResult result) : IAgendaItem
    {
        public Publication Publication { get; } = publication;

        public int Minion { get; } = minion;

        public FunctionResult Result { get; } = result;

        public DateTimeOffset GiveUpAt { get; set; }

        public Fault? Garbage { get; init; }

        public ValueTask RunAsync(CancellationToken cancellationToken) => path.DeliverAsync(this, cancellationToken);
    }
}
