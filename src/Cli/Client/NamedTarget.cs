using System.CommandLine;
using Saltern.Contract;

namespace Saltern.Cli.Client;

/// <summary>Minions that a command names as its arguments, or by one of the ways to select them.</summary>
internal static class NamedTarget
{
    private static readonly Argument<string[]> Minions =
        new("minions") { Description = "Minion ids; or one of --group, --glob, --grain, --compound." };
    private static readonly Option<string?> Group = new("--group") { Description = "The name of a group." };
    private static readonly Option<string?> Glob =
        new("--glob") { Description = "A pattern over minion ids; '*' is all." };
    private static readonly Option<string?> Grain = new("--grain") { Description = "A grain and its value: os:SUSE." };
    private static readonly Option<string?> Compound =
        new("--compound") { Description = "A compound matcher of Salt." };
    private static readonly Option<string?> Domain =
        new("--domain") { Description = "Only minions of this key domain." };

    /// <summary>For commands that take minions as their arguments.</summary>
    public static IEnumerable<Symbol> Symbols => [Minions, .. Ways];

    /// <summary>The options alone.</summary>
    public static IEnumerable<Option> Ways => [Group, Glob, Grain, Compound, Domain];

    public static TargetRequest Of(ParseResult parsed) => Of(parsed, parsed.GetValue(Minions));

    public static TargetRequest Of(ParseResult parsed, string[]? minions) => new()
    {
        Minions = MinionNames(minions),
        Group = parsed.GetValue(Group),
        Glob = parsed.GetValue(Glob),
        Grain = parsed.GetValue(Grain),
        Compound = parsed.GetValue(Compound),
        KeyDomain = parsed.GetValue(Domain),
    };

    /// <summary>Ids, several of which may stand together with commas; null for none.</summary>
    public static IReadOnlyList<string>? MinionNames(string[]? given) => given is { Length: > 0 }
        ? [.. given.SelectMany(
            one => one.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))]
        : null;
}
