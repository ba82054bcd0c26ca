using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;
using Saltern.Simulator.Software;

namespace Saltern.Simulator.Functions;

/// <summary>
/// Salt's module <c>pkg</c> over a package set of the minion's own: what was installed stays installed.
/// </summary>
internal static class PackageFunctions
{
    public static SaltFunction[] All { get; } =
    [
        Locked("pkg.install", Install),
        Locked("pkg.remove", Remove),
        Locked("pkg.purge", Remove),
        Locked("pkg.upgrade", Upgrade),
        Locked("pkg.refresh_db", RefreshDb),
        Open("pkg.list_pkgs", call => FunctionResult.Of(Listed(PackageSet.Of(call).All()))),
        Open("pkg.list_upgrades", call => FunctionResult.Of(Listed(PackageSet.Of(call).Upgrades()))),
        Open("pkg.version", call => Named(call, PackageSet.Of(call).VersionOf)),
        Open("pkg.latest_version", call => Named(call, PackageSet.Of(call).NewerThanInstalled)),
        Open("pkg.info_installed", InfoInstalled),
        Open("pkg.list_repos", ListRepositories),
        Open("pkg.list_products", ListProducts),
    ];

    private static SaltFunction Locked(string name, Func<FunctionCall, FunctionResult> run) =>
        Open(name, run) with { Lock = FunctionLock.Packages };

    private static SaltFunction Open(string name, Func<FunctionCall, FunctionResult> run) =>
        new(name, run) { TakesMore = true, TakesKeywords = true };

    // name may be several with commas; pkgs is a list of names or of {name: version}.
    private static List<(string Name, string? Version)> Wanted(FunctionCall call)
    {
        if (call.Argument("pkgs", int.MaxValue) is not JsonArray list)
        {
            string? version = call.Keyword("version") is { } given ? Json.TextOf(given) : null;
            return [.. Targets.NamesOf(call.Argument("name", 0)).Select(name => (name, version))];
        }

        return [.. list.SelectMany(entry => entry is JsonObject pairs
            ? pairs.Select(pair => (pair.Key, pair.Value is null ? null : Json.TextOf(pair.Value)))
            : [(Json.TextOf(entry), (string?)null)])];
    }

    private static FunctionResult Install(FunctionCall call)
    {
        PackageSet packages = PackageSet.Of(call);
        List<(string Name, string? Version)> wanted = Wanted(call);
        if (wanted.Find(package => !packages.Offers(package.Name, package.Version)) is { Name: { } missing })
        {
            return NotFound(call, missing);
        }

        JsonObject changes = [];
        foreach ((string name, string? version) in wanted)
        {
            Change(packages, changes, name, version ?? packages.Available(name)!);
        }

        return FunctionResult.Of(changes);
    }

    private static FunctionResult NotFound(FunctionCall call, string name) => Distribution.Of(call.Minion).IsSuse
        ? FunctionResult.Error($"ERROR: Zypper command failure: Package '{name}' not found.")
        : FunctionResult.Error(
            "ERROR: Problem encountered installing package(s). Additional info follows:\n\nerrors:\n"
            + $"    - E: Unable to locate package {name}");

    private static FunctionResult Remove(FunctionCall call)
    {
        PackageSet packages = PackageSet.Of(call);
        JsonObject changes = [];
        foreach ((string name, _) in Wanted(call).Where(package => packages.VersionOf(package.Name).Length > 0))
        {
            Change(packages, changes, name, "");
        }

        return FunctionResult.Of(changes);
    }

    private static FunctionResult Upgrade(FunctionCall call)
    {
        PackageSet packages = PackageSet.Of(call);
        HashSet<string> only = [.. Wanted(call).Select(package => package.Name)];
        JsonObject changes = [];
        bool Wants(string name) => only.Count == 0 || only.Contains(name);
        foreach ((string name, string version) in packages.Upgrades().Where(pair => Wants(pair.Key)))
        {
            Change(packages, changes, name, version);
        }

        return FunctionResult.Of(changes);
    }

    private static void Change(PackageSet packages, JsonObject changes, string name, string version)
    {
        string old = packages.VersionOf(name);
        if (old != version)
        {
            packages.Put(name, version);
            changes[name] = new JsonObject { ["old"] = old, ["new"] = version };
        }
    }

    private static FunctionResult RefreshDb(FunctionCall call) => FunctionResult.Of(Repositories(call, true));

    private static JsonObject Repositories(FunctionCall call, JsonNode value)
    {
        Distribution os = Distribution.Of(call.Minion);
        JsonObject repositories = [];
        foreach (string name in (string[])[$"{os.FullName}-{os.Release}-Pool", $"{os.FullName}-{os.Release}-Updates"])
        {
            repositories[name] = value.DeepClone();
        }

        return repositories;
    }

    // As Salt's zypperpkg tells them; the package manager of others has another shape.
    private static FunctionResult ListRepositories(FunctionCall call)
    {
        if (!call.Fleet.HasZypper(call.Minion))
        {
            return FunctionResult.Of(Repositories(call, new JsonObject { ["enabled"] = true }));
        }

        JsonObject repositories = [];
        foreach (SimulatedRepository one in call.Fleet.SoftwareOf(call.Minion).Repositories)
        {
            repositories[one.Alias] = new JsonObject
            {
                ["alias"] = one.Alias, ["name"] = one.Alias, ["baseurl"] = one.Url, ["enabled"] = one.Enabled,
                ["gpgcheck"] = true, ["autorefresh"] = true,
            };
        }

        return FunctionResult.Of(repositories);
    }

    private static FunctionResult ListProducts(FunctionCall call) => !call.Fleet.HasZypper(call.Minion)
        ? FunctionResult.Error("'pkg.list_products' is not available.")
        : FunctionResult.Of(new JsonArray([.. call.Fleet.SoftwareOf(call.Minion).Products.Select(one => new JsonObject
        {
            ["name"] = one.Name, ["version"] = one.Version, ["release"] = "0", ["epoch"] = "0", ["arch"] = one.Arch,
            ["vendor"] = "SUSE", ["summary"] = $"{one.Name} {one.Version}", ["repo"] = "@System",
            ["productline"] = one.IsBase ? one.Name : "", ["registerrelease"] = "", ["flavor"] = "", ["shortname"] = "",
            ["isbase"] = one.IsBase, ["installed"] = true, ["description"] = "",
        })]));

    private static JsonObject Listed(IEnumerable<KeyValuePair<string, string>> packages)
    {
        JsonObject listed = [];
        foreach ((string name, string version) in packages)
        {
            listed[name] = version;
        }

        return listed;
    }

    // One name gives a text, several give an object.
    private static FunctionResult Named(FunctionCall call, Func<string, string> version)
    {
        string[] names = [.. call.Positional.Select(Json.TextOf)];
        return names.Length == 1
            ? FunctionResult.Of(version(names[0]))
            : FunctionResult.Of(Listed(names.Select(name => KeyValuePair.Create(name, version(name)))));
    }

    private static FunctionResult InfoInstalled(FunctionCall call)
    {
        PackageSet packages = PackageSet.Of(call);
        string[] names = [.. call.Positional.Select(Json.TextOf)];
        JsonObject found = [];
        bool Wants(string name) => names.Length == 0 || names.Contains(name);
        foreach ((string name, string version) in packages.All().Where(pair => Wants(pair.Key)))
        {
            string[] parts = version.Split('-', 2);
            found[name] = new JsonObject
            {
                ["version"] = parts[0],
                ["release"] = parts.ElementAtOrDefault(1) ?? "",
                ["arch"] = Distribution.Of(call.Minion).IsSuse ? "x86_64" : "amd64",
                ["vendor"] = Distribution.Of(call.Minion).Os,
            };
        }

        return FunctionResult.Of(found);
    }
}
