namespace Saltern.Server.ServicePacks;

/// <summary>What a user orders of a migration; the same for all its minions.</summary>
internal sealed record MigrationOrder
{
    /// <summary>The id of the base product to go to.</summary>
    public required string Target { get; init; }

    /// <summary>Optional channels to take along.</summary>
    public required IReadOnlyList<string> Channels { get; init; }

    public required bool DryRun { get; init; }

    /// <summary>Null: as the minion's zypp.conf says.</summary>
    public required bool? AllowVendorChange { get; init; }

    /// <summary>Labels of channels for <c>--from</c>; none: all repositories.</summary>
    public required IReadOnlyList<string> From { get; init; }

    public required bool AgreeToLicences { get; init; }

    public required bool ReplaceFiles { get; init; }

    public required bool NoRecommends { get; init; }

    /// <summary>How many packages may be removed; null: any number.</summary>
    public required int? RemoveLimit { get; init; }

    /// <summary>Names, with wildcards, of what must not be removed.</summary>
    public required IReadOnlyList<string> ForbidRemoval { get; init; }

    /// <summary>Extensions without a successor may go.</summary>
    public required bool RemoveExtensions { get; init; }

    public required bool DisableForeign { get; init; }

    public required bool Snapshots { get; init; }

    public required bool PatchStackFirst { get; init; }

    public required bool RebootAfter { get; init; }

    /// <summary>A real run wants a dry run of the same choice that passed within so many days; 0: none.</summary>
    public required int RequireDryRunDays { get; init; }

    /// <summary>What a dry run and a real run must have in common for the one to speak for the other.</summary>
    public string Choice => string.Join('|', [
        string.Join(',', Channels.Order(StringComparer.Ordinal)), string.Join(',', From.Order(StringComparer.Ordinal)),
        AllowVendorChange switch { true => "vendor", false => "no vendor", null => "" },
        RemoveExtensions ? "remove extensions" : "", NoRecommends ? "no recommends" : "",
        DisableForeign ? "disable foreign" : "",
    ]);
}
