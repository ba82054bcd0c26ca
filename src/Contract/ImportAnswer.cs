namespace Saltern.Contract;

/// <summary>What an import of products changed, or would change.</summary>
/// <param name="Source">Whose entries were replaced: scc, product-tree, upgrade-paths or yaml:name.</param>
/// <param name="DryRun">Nothing was changed; this is what would be.</param>
public sealed record ImportAnswer(
    string Source, bool DryRun, ImportChange Products, ImportChange Extensions, ImportChange Successors,
    ImportChange Channels, ImportChange ProductChannels);
