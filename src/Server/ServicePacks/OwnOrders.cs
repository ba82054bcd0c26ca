using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Orders that follow from changes of channels: for all minions of a pass together, written in the transaction that
/// decides, and waited for as long as it takes.
/// </summary>
internal sealed class OwnOrders(Scheduling scheduling, IOptions<ServicePacksOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromDays(3_650);

    private const int MostNamed = 1_000;

    public Task<ActionId> WriteAsync(
        NpgsqlConnection connection, string kind, object arguments, string description,
        IReadOnlyCollection<LookedAt> changes, CancellationToken cancellationToken) => scheduling.WriteOwnAsync(
        connection,
        new ActionOrder
        {
            Kind = kind,
            Arguments = JsonSerializer.SerializeToElement(arguments),
            Description = description,
            Target = new TargetSelection { Minions = [.. changes.Select(change => change.Name).Take(MostNamed)] },
            ExpiresAt = clock.GetUtcNow() + Patience,
            // A restart takes as long as it takes.
            DeadlineSeconds = kind == "system.reboot" ? null : (int)options.Value.OrderDeadline.TotalSeconds,
            GiveUpAfterSeconds = (int)Patience.TotalSeconds,
        },
        [.. changes.Select(change => change.Minion).Order()],
        $"action {changes.First().Action}",
        cancellationToken);
}
