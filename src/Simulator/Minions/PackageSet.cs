using Saltern.Simulator.Functions;

namespace Saltern.Simulator.Minions;

/// <summary>A minion's packages: the standard set of its operating system and what was changed since.</summary>
internal readonly struct PackageSet
{
    private readonly Distribution os;
    private readonly FunctionCall call;

    private PackageSet(FunctionCall call)
    {
        this.call = call;
        os = Distribution.Of(call.Minion);
    }

    private Dictionary<string, string>? Changed => call.State.Packages;

    public static PackageSet Of(FunctionCall call) => new(call);

    /// <summary>Empty if it is not installed.</summary>
    public string VersionOf(string name) =>
        Changed?.GetValueOrDefault(name) ?? os.Installed.GetValueOrDefault(name) ?? "";

    public string? Available(string name) => os.Available.GetValueOrDefault(name);

    public bool Offers(string name, string? version) =>
        Available(name) is { } available && (version is null || version == available || version == VersionOf(name));

    public string NewerThanInstalled(string name) =>
        Available(name) is { } available && available != VersionOf(name) ? available : "";

    public IEnumerable<KeyValuePair<string, string>> All()
    {
        PackageSet me = this;
        return os.Installed.Keys.Concat(Changed?.Keys ?? Enumerable.Empty<string>()).Distinct()
            .Select(name => KeyValuePair.Create(name, me.VersionOf(name)))
            .Where(pair => pair.Value.Length > 0)
            .OrderBy(pair => pair.Key, StringComparer.Ordinal);
    }

    public IEnumerable<KeyValuePair<string, string>> Upgrades()
    {
        PackageSet me = this;
        return All().Select(pair => KeyValuePair.Create(pair.Key, me.NewerThanInstalled(pair.Key)))
            .Where(pair => pair.Value.Length > 0);
    }

    public void Put(string name, string version) =>
        (call.State.Packages ??= new(StringComparer.Ordinal))[name] = version;
}
