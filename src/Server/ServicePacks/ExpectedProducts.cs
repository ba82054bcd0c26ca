using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>Which products a minion should have after a migration, by those it had before. Pure.</summary>
internal static class ExpectedProducts
{
    /// <summary>Reckons them.</summary>
    /// <param name="catalogue">All that is known of products.</param>
    /// <param name="told">
    /// What the minion told of its products before this run, and before earlier ones to the same target: one that goes
    /// on with a half-done run begins with the base product of the target, and its extensions follow from the first.
    /// </param>
    /// <param name="before">The channels on record then.</param>
    /// <param name="after">The channels that the run was given: they tell which choice of extensions it was.</param>
    /// <param name="order">What was ordered.</param>
    /// <returns>
    /// The base product first, none where no list has it any more; and whether these are all, as far as is known.
    /// </returns>
    public static (IReadOnlyList<Product> Products, bool AreAll) Of(
        ProductCatalogue catalogue, IReadOnlyList<IReadOnlyList<InstalledProduct>> told, ChannelAssignment? before,
        ChannelAssignment after, MigrationOrder order)
    {
        var labels = after.Labels.ToHashSet();
        foreach (var products in told)
        {
            var there = MigrationTargets.For(catalogue, products, before).Targets
                .Where(target => target.Base.Id == order.Target).ToList();
            var chosen = there.Find(target => target.ChannelsWith(order.Channels).Channels is { } channels
                && labels.SetEquals(channels.Labels)) ?? there.FirstOrDefault();
            if (chosen is not null)
            {
                return ([chosen.Base, .. chosen.Extensions.Select(move => move.To)], true);
            }
        }

        return (catalogue.Find(order.Target) is { } only ? [only] : [], false);
    }
}
