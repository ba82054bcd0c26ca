using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>What an order means for minions with the same products and channels. Pure.</summary>
internal static class MigrationChoice
{
    /// <summary>The channels they are to have; null with the reason why they cannot go.</summary>
    public static (ChannelAssignment? Channels, string? Problem) Of(TargetGroup group, MigrationOrder order)
    {
        var there = group.Targets.Targets.Where(target => target.Base.Id == order.Target).ToList();
        if (there.Count == 0)
        {
            return (null, group.Targets.WhyNot.Count > 0
                ? group.Targets.WhyNot[0].Text
                : $"product {order.Target} does not follow {group.Targets.Base?.Title ?? "what is installed"}");
        }

        var possible = there.Find(target => !target.Against(order.RemoveExtensions).Any());
        return possible is null
            ? (null, string.Join("; ", there[0].Against(order.RemoveExtensions).Select(reason => reason.Text))
                + (group.Targets.ChoicesLeftOut.Any(to => to.Id == order.Target)
                    ? $"; of the choices of extensions, the newest {MigrationTargets.MostChoices} were looked at"
                    : ""))
            : possible.ChannelsWith(order.Channels);
    }
}
