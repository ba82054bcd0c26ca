using Saltern.Contract;
using Saltern.Server.Channels;
using Saltern.Server.Channels.Import;

namespace Saltern.Server.Api;

/// <summary>Products and channels in the words of the contract.</summary>
internal static class ChannelViews
{
    public static ProductSummary SummaryOf(ProductRow row) => new()
    {
        Id = row.Product.Id,
        Name = row.Product.Name,
        Version = row.Product.Version,
        Arch = row.Product.Arch,
        Kind = row.Product.Kind.ToString().ToLowerInvariant(),
        Title = row.Product.Title,
        Stage = row.Product.Stage,
        Source = row.Source,
        Predecessors = row.Predecessors,
        Successors = row.Successors,
        Channels = row.Channels,
    };

    public static ChannelSummary SummaryOf(ChannelRow row) => new()
    {
        Label = row.Channel.Label,
        Name = row.Channel.Name,
        Parent = row.Channel.ParentLabel,
        Arch = row.Channel.Arch,
        Source = row.Source,
        Url = row.Url,
        OriginalUrl = row.Url == row.Channel.Url ? null : row.Channel.Url,
        CloneOf = row.Original,
        Family = row.Family,
        Available = row.Availability.Available,
        Reason = row.Availability.Reason,
        CheckedAt = row.Availability.CheckedAt,
    };

    public static ImportAnswer AnswerOf(ImportReport report, bool dryRun) => new(
        report.Source, dryRun, ChangeOf(report.Products), ChangeOf(report.Extensions), ChangeOf(report.Successors),
        ChangeOf(report.Channels), ChangeOf(report.ProductChannels));

    public static MinionChannels Of(
        AssignmentRow? assigned, MinionSoftwareRow? told, RepositoryDifference? difference) =>
        new()
        {
            Base = assigned?.Assigned.BaseLabel,
            Children = assigned?.Assigned.ChildLabels ?? [],
            ChangedBy = assigned?.ChangedBy,
            ChangedAt = assigned?.ChangedAt,
            Products = told?.Products?.Select(
                one => new MinionProduct(one.Name, one.Version, one.Release, one.Arch, one.IsBase)).ToList(),
            ProductsAt = told?.ProductsAt,
            Repositories = told?.Repositories?.Select(
                one => new MinionRepositoryView(one.Alias, one.Name, one.Url, one.Enabled)).ToList(),
            RepositoriesAt = told?.RepositoriesAt,
            Missing = difference?.Missing,
            Foreign = difference?.Foreign.Select(one => one.Alias).ToList(),
        };

    private static ImportChange ChangeOf(ImportDifference difference) => new(
        difference.Added, difference.Changed, difference.Gone, difference.AddedNames, difference.ChangedNames,
        difference.GoneNames);
}
