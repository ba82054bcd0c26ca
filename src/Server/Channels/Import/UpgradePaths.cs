using System.Text.Json;

namespace Saltern.Server.Channels.Import;

/// <summary>Reads SUSE Manager's upgrade_paths.json: successors that SUSE Customer Center does not list.</summary>
internal static class UpgradePaths
{
    public static ProductImport Read(JsonElement document, string source, ImportErrors errors)
    {
        var successors = ImportEntry.Each(document, "", errors)
            .Select(entry => new ProductSuccessor(entry.Id("from_pdid"), entry.Id("to_pdid"), true))
            .ToHashSet();
        if (successors.Count == 0 && errors.Count == 0)
        {
            errors.Add("document", "It lists no upgrade path; a list with at least one is needed.");
        }

        return new ProductImport
        {
            Source = source, Format = ImportFormat.UpgradePaths, Successors = [.. successors],
        };
    }
}
