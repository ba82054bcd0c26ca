using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Orders that follow from changes of channels: for all minions of a pass together, written in the transaction that
/// decides. What channels hang on is waited for as long as it takes; nothing else is, least of all a restart.
/// </summary>
internal sealed class OwnOrders(Scheduling scheduling, IOptions<ServicePacksOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromDays(3_650);

    private const int MostNamed = 1_000;

    public Task<ActionId> WriteAsync(
        NpgsqlConnection connection, string kind, object arguments, string description,
        IReadOnlyCollection<LookedAt> changes, CancellationToken cancellationToken) => WriteAsync(
        connection, kind, arguments, description, changes.First().Action,
        [.. changes.Select(change => (change.Minion, change.Name))], clock.GetUtcNow() + Patience, Patience,
        cancellationToken);

    /// <summary>One that may begin until then; what was handed out is waited for as any order of a user.</summary>
    public Task<ActionId> WriteAsync(
        NpgsqlConnection connection, string kind, string description, ActionId migration,
        IReadOnlyCollection<(long Minion, string Name)> minions, DateTimeOffset until,
        CancellationToken cancellationToken) => WriteAsync(
        connection, kind, new { }, description, migration, minions, until, null, cancellationToken);

    private Task<ActionId> WriteAsync(
        NpgsqlConnection connection, string kind, object arguments, string description, ActionId migration,
        IReadOnlyCollection<(long Minion, string Name)> minions, DateTimeOffset until, TimeSpan? giveUpAfter,
        CancellationToken cancellationToken) => scheduling.WriteOwnAsync(
        connection,
        new ActionOrder
        {
            Kind = kind,
            Arguments = JsonSerializer.SerializeToElement(arguments),
            Description = description,
            Target = new TargetSelection { Minions = [.. minions.Select(one => one.Name).Take(MostNamed)] },
            ExpiresAt = until,
            // A restart takes as long as it takes.
            DeadlineSeconds = kind == "system.reboot" ? null : (int)options.Value.OrderDeadline.TotalSeconds,
            GiveUpAfterSeconds = giveUpAfter is { } patience ? (int)patience.TotalSeconds : null,
        },
        [.. minions.Select(one => one.Minion).Order()],
        $"action {migration}",
        cancellationToken);
}
