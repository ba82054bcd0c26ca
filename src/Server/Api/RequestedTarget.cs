using Saltern.Contract;
using Saltern.Server.Fleet;

namespace Saltern.Server.Api;

/// <summary>The part of a request that says for which minions, as a selection.</summary>
internal static class RequestedTarget
{
    /// <summary>What is answered where a request names no minions at all.</summary>
    public const string Missing = "Say for which minions: minions, group, glob, grain or compound.";

    public static TargetSelection SelectionOf(TargetRequest target) => new()
    {
        Minions = target.Minions,
        Group = target.Group,
        Glob = target.Glob,
        Grain = target.Grain,
        Compound = target.Compound,
        KeyDomain = target.KeyDomain,
    };
}
