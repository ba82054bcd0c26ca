namespace Saltern.Server.Channels.Import;

/// <summary>What an import changed.</summary>
internal sealed record ImportReport(
    string Source, ImportDifference Products, ImportDifference Extensions, ImportDifference Successors,
    ImportDifference Channels, ImportDifference ProductChannels);
