using System.Globalization;
using System.Text.Json;
using Saltern.Contract;
using Saltern.Server.ServicePacks;

namespace Saltern.Server.Api;

/// <summary>Targets of migrations in the words of the contract.</summary>
internal static class ServicePackViews
{
    private const int MostNames = 100;
    private const int MostReasons = 50;

    public static ServicePackAnswer Of(
        IReadOnlyList<TargetGroup> groups, bool removeExtensions, int skipped, int size) => new()
        {
            Minions = groups.Sum(group => group.Minions.Count),
            Bases = BasesOf(groups, removeExtensions),
            WithoutTarget = ReasonsOf(
                groups.SelectMany(group => group.Targets.WhyNot.Select(reason => (reason, group.Minions.Count)))),
            Groups = [.. groups.Skip(skipped).Take(size).Select(group => GroupOf(group, removeExtensions))],
            Next = skipped + size < groups.Count ? (skipped + size).ToString(CultureInfo.InvariantCulture) : null,
        };

    private static List<ServicePackStep> BasesOf(IReadOnlyList<TargetGroup> groups, bool removeExtensions) =>
        [.. groups
            .SelectMany(group => group.Targets.Targets.GroupBy(target => target.Base)
                .Select(choices => (Base: choices.Key, group.Minions.Count, Best: choices.MinBy(
                    target => target.Against(removeExtensions).Count())!)))
            .GroupBy(one => one.Base)
            .OrderByDescending(same => same.Key, ProductVersions.Order)
            .Select(same => new ServicePackStep(
                same.Key.Id, same.Key.Title,
                same.Where(one => !one.Best.Against(removeExtensions).Any()).Sum(one => one.Count),
                same.Where(one => one.Best.Against(removeExtensions).Any()).Sum(one => one.Count),
                ReasonsOf(same.SelectMany(
                    one => one.Best.Against(removeExtensions).Select(reason => (reason, one.Count))))))];

    private static List<ServicePackReason> ReasonsOf(IEnumerable<(WhyNot Reason, int Minions)> reasons) =>
        [.. reasons.GroupBy(one => one.Reason)
            .Select(same => ReasonOf(same.Key, same.Sum(one => one.Minions)))
            .OrderByDescending(reason => reason.Minions).ThenBy(reason => reason.Text, StringComparer.Ordinal)
            .Take(MostReasons)];

    private static ServicePackReason ReasonOf(WhyNot reason, int minions) => new(
        JsonNamingPolicy.CamelCase.ConvertName(reason.Code.ToString()), reason.Subject, reason.Text, minions);

    private static ServicePackGroup GroupOf(TargetGroup group, bool removeExtensions) => new()
    {
        Minions = group.Minions.Count,
        Names = [.. group.Names.Take(MostNames)],
        Base = group.Targets.Base?.Title,
        Extensions = group.Targets.Extensions,
        OtherChannels = group.Targets.OtherChannels,
        ChoicesLeftOut = [.. group.Targets.ChoicesLeftOut.Select(to => to.Title)],
        WhyNot = [.. group.Targets.WhyNot.Select(reason => ReasonOf(reason, group.Minions.Count))],
        Targets = [.. group.Targets.Targets.Select(
            target => TargetOf(target, removeExtensions, group.Minions.Count))],
    };

    private static ServicePackTarget TargetOf(MigrationTarget target, bool removeExtensions, int minions) => new()
    {
        Product = target.Base.Id,
        Title = target.Base.Title,
        Possible = !target.Against(removeExtensions).Any(),
        Extensions = [.. target.Extensions.Select(move => new ServicePackMove(move.From.Title, move.To.Title))],
        WithoutSuccessor = target.WithoutSuccessor,
        WhyNot = [.. target.Against(removeExtensions).Select(reason => ReasonOf(reason, minions))],
        Channels = [.. target.Channels.Select(ChannelOf)],
    };

    private static ServicePackChannel ChannelOf(TargetChannel channel) => new()
    {
        Label = channel.Label,
        CloneOf = channel.Label == channel.Original ? null : channel.Original,
        Product = channel.Product.Title,
        Url = channel.Url,
        Mandatory = channel.Mandatory,
        Recommended = channel.Recommended,
        Available = channel.Availability.Available,
        Problem = channel.Problem?.Text,
    };
}
