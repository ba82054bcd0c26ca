using System.Text.Json;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// What a minion says of its packages: those when a run began against those of now
/// (<c>saltern_zypper.changed_since</c>).
/// </summary>
internal sealed record PackageComparison
{
    public required string RunId { get; init; }

    /// <summary>Null where the packages of then or of now are not known.</summary>
    public bool? Changed { get; init; }

    /// <summary>The minion has the order of this run on record, and no trace of a change that was begun.</summary>
    public bool NeverBegan { get; init; }

    /// <summary>How many packages differ.</summary>
    public int Packages { get; init; }

    public static PackageComparison? Find(JsonElement returned)
    {
        if (SaltJson.Text(SaltJson.Member(returned, "run_id")) is not { } runId
            || SaltJson.Member(returned, "changed").ValueKind
                is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null))
        {
            return null;
        }

        var changes = SaltJson.Member(returned, "changes");
        return new PackageComparison
        {
            RunId = runId.Replace('\0', '\uFFFD'),
            Changed = SaltJson.Member(returned, "changed").ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => null,
            },
            NeverBegan = SaltJson.Member(returned, "recorded").ValueKind is JsonValueKind.True
                && SaltJson.Member(returned, "began_to_change").ValueKind is JsonValueKind.False,
            Packages = changes.ValueKind is JsonValueKind.Object ? changes.EnumerateObject().Count() : 0,
        };
    }
}
