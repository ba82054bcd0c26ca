using System.Diagnostics.CodeAnalysis;

namespace Saltern.Server.Salt;

/// <summary>The masters of the settings by name, each with its settings and its api.</summary>
internal sealed class SaltMasters
{
    private readonly Dictionary<string, (SaltMasterOptions Options, ISaltApi Api)> masters;

    public SaltMasters(IEnumerable<(SaltMasterOptions Options, ISaltApi Api)> masters)
    {
        this.masters = masters.ToDictionary(master => master.Options.Name, StringComparer.Ordinal);
        Options = [.. this.masters.Values.Select(master => master.Options)];
    }

    /// <summary>The settings of every master, in the order of the settings.</summary>
    public IReadOnlyList<SaltMasterOptions> Options { get; }

    /// <summary>The api of a master; false if the settings no longer have one of that name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out ISaltApi? api)
    {
        var found = masters.TryGetValue(name, out var master);
        api = found ? master.Api : null;
        return found;
    }

    /// <summary>The settings of a master; false if the settings no longer have one of that name.</summary>
    public bool TryGetOptions(string name, [NotNullWhen(true)] out SaltMasterOptions? options)
    {
        var found = masters.TryGetValue(name, out var master);
        options = found ? master.Options : null;
        return found;
    }
}
