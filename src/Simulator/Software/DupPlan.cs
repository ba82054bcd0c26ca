using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Saltern.Simulator.Functions;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Software;

/// <summary>
/// What a run would do to a minion's packages. It follows from the packages and the target alone, so that a dry run and
/// the real one after it agree, and a second real run has nothing left to do.
/// </summary>
internal sealed partial class DupPlan
{
    private const int Upgraded = 6;
    private const string Newcomer = "podman";

    // These are removed first, where they are.
    private static readonly string[] Outdated = ["wicked", "rsyslog", "net-tools"];

    private DupPlan()
    {
    }

    public required IReadOnlyList<SimulatedProduct> Products { get; init; }

    public required IReadOnlyList<(string Name, string Old, string New)> Upgrades { get; init; }

    public required IReadOnlyList<(string Name, string New)> Installs { get; init; }

    public required IReadOnlyList<(string Name, string Old)> Removals { get; init; }

    public bool IsEmpty => Upgrades.Count + Installs.Count + Removals.Count == 0;

    public static DupPlan Of(FunctionCall call, DupRun run)
    {
        PackageSet packages = PackageSet.Of(call);
        IReadOnlyList<SimulatedProduct> products = ProductsAfter(call.Fleet.SoftwareOf(call.Minion).Products, run);
        string version = products.FirstOrDefault(one => one.IsBase)?.Version ?? "0";
        string[] names = [.. Distribution.Of(call.Minion).Installed.Keys.Order(StringComparer.Ordinal)];
        return new DupPlan
        {
            Products = products,
            Upgrades =
            [
                .. names.Take(Upgraded).Select(name => (Name: name, Old: packages.VersionOf(name)))
                    .Where(one => one.Old.Length > 0)
                    .Select(one => (one.Name, one.Old, New: $"{one.Old.Split('-')[0]}-{version}.1"))
                    .Where(one => one.Old != one.New),
            ],
            Installs = packages.VersionOf(Newcomer).Length > 0 ? [] : [(Newcomer, $"4.9.5-{version}.1")],
            Removals =
            [
                .. names.Skip(Upgraded).Reverse().OrderBy(name => Outdated.Contains(name) ? 0 : 1)
                    .Take(run.Setting.Removals)
                    .Select(name => (name, packages.VersionOf(name)))
                    .Where(one => one.Item2.Length > 0),
            ],
        };
    }

    /// <summary>The plan as the real module tells it.</summary>
    public JsonObject Wire(string repository, bool changesVendor) => new()
    {
        ["install"] = new JsonArray([.. Installs.Select(one => Entry(one.Name, null, one.New, repository))]),
        ["upgrade"] = new JsonArray([.. Upgrades.Select(one => Entry(one.Name, one.Old, one.New, repository))]),
        ["downgrade"] = new JsonArray(),
        ["remove"] = new JsonArray([.. Removals.Select(one => Entry(one.Name, one.Old, null, repository))]),
        ["change_vendor"] = new JsonArray([.. Upgrades.Take(changesVendor ? 1 : 0).Select(one =>
        {
            JsonObject entry = Entry(one.Name, one.Old, one.New, repository);
            entry["vendor"] = "openSUSE";
            return entry;
        })]),
        ["change_arch"] = new JsonArray(),
        ["reinstall"] = new JsonArray(),
    };

    /// <summary>Does it, or its first half.</summary>
    public void CarryOut(FunctionCall call, bool halfOnly)
    {
        PackageSet packages = PackageSet.Of(call);
        int upgrades = halfOnly ? (Upgrades.Count + 1) / 2 : Upgrades.Count;
        foreach ((string name, _, string version) in Upgrades.Take(upgrades))
        {
            packages.Put(name, version);
        }

        if (halfOnly)
        {
            return;
        }

        foreach ((string name, string version) in Installs)
        {
            packages.Put(name, version);
        }

        foreach ((string name, _) in Removals)
        {
            packages.Put(name, "");
        }

        call.Fleet.OwnSoftwareOf(call.Minion).Products = Products;
    }

    /// <summary>Does it in a snapshot, which is the system of the next boot.</summary>
    public void CarryOutForNextBoot(FunctionCall call)
    {
        MinionSoftware software = call.Fleet.OwnSoftwareOf(call.Minion);
        (Dictionary<string, string>? packages, IReadOnlyList<SimulatedProduct> products) =
            (call.State.Packages, software.Products);
        call.State.Packages = packages is null ? null : new(packages, StringComparer.Ordinal);
        CarryOut(call, halfOnly: false);
        software.NextBoot = (call.State.Packages, software.Products);
        (call.State.Packages, software.Products) = (packages, products);
    }

    // SUSE's labels have 15-sp6, openSUSE's 15.6.
    private static IReadOnlyList<SimulatedProduct> ProductsAfter(IReadOnlyList<SimulatedProduct> products, DupRun run)
    {
        if (run.Setting.Products is { } given)
        {
            return given;
        }

        Match version = run.Order.Channels!.Select(one => VersionInLabel().Match(one.Alias))
            .FirstOrDefault(match => match.Success) ?? Match.Empty;
        return version.Success
            ? [.. products.Select(one => one with { Version = $"{version.Groups[1].Value}.{version.Groups[2].Value}" })]
            : products;
    }

    private static JsonObject Entry(string name, string? old, string? @new, string repository)
    {
        JsonObject entry = new() { ["name"] = name, ["arch"] = "x86_64" };
        if (old is not null)
        {
            entry["old"] = old;
            entry["old_vendor"] = "SUSE LLC <https://www.suse.com/>";
        }

        if (@new is not null)
        {
            entry["new"] = @new;
            entry["vendor"] = "SUSE LLC <https://www.suse.com/>";
            entry["repository"] = repository;
        }

        return entry;
    }

    [GeneratedRegex(@"(\d+)(?:-sp|\.)(\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex VersionInLabel();
}
