using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Functions;

/// <summary>
/// state.template_str for one form of template: a list of packages, of which those that are installed get the state
/// pkg.latest and the others are named by a state that changes nothing. No Jinja is rendered here. Any other template
/// is refused, for to succeed without having done it would be a lie.
/// </summary>
internal static partial class TemplateRun
{
    private const string Refusal =
        "ERROR: a simulated minion reads no template but one that brings a list of installed packages up to date.";

    public static FunctionResult Run(FunctionCall call)
    {
        string template = call.Text("tem", 0);
        Match list = ListOfNames().Match(template);
        Match latest = LatestState().Match(template);
        Match naming = NamingState().Match(template);
        if (!list.Success || !latest.Success || !naming.Success)
        {
            return FunctionResult.Error(Refusal);
        }

        PackageSet packages = PackageSet.Of(call);
        ILookup<bool, string> names = Name().Matches(list.Groups[1].Value)
            .Select(match => match.Groups[1].Value)
            .ToLookup(name => packages.VersionOf(name).Length > 0);
        StateReport report = new(call, TimeSpan.Zero);
        if (names[true].Any())
        {
            AddLatest(report, latest.Groups[1].Value, packages, [.. names[true]]);
        }

        if (names[false].Any())
        {
            report.Add(
                sls: null, naming.Groups[1].Value, string.Join(", ", names[false]), "test", "succeed_without_changes",
                result: true, "Success!", []);
        }

        return report.Result;
    }

    private static void AddLatest(StateReport report, string id, PackageSet packages, string[] names)
    {
        JsonObject changes = [];
        foreach (string name in names)
        {
            string version = packages.NewerThanInstalled(name);
            if (version.Length == 0)
            {
                continue;
            }

            changes[name] = new JsonObject { ["old"] = packages.VersionOf(name), ["new"] = version };
            if (!report.IsTest)
            {
                packages.Put(name, version);
            }
        }

        report.Add(sls: null, id, id, "pkg", "latest", result: true, CommentOf(names, changes), changes);
    }

    private static string CommentOf(string[] names, JsonObject changes)
    {
        string[] current = [.. names.Where(name => !changes.ContainsKey(name)).Order(StringComparer.Ordinal)];
        if (changes.Count == 0)
        {
            return current.Length == 1
                ? $"Package {current[0]} is already up-to-date"
                : $"All packages are up-to-date ({string.Join(", ", current)}).";
        }

        string changed = string.Join(", ", changes.Select(pair => pair.Key).Order(StringComparer.Ordinal));
        string rest = current.Length == 0
            ? ""
            : $" The following packages were already up-to-date: {string.Join(", ", current)}.";
        return $"The following packages were successfully installed/upgraded: {changed}.{rest}";
    }

    [GeneratedRegex(@"\{%-?\s*for\s+\w+\s+in\s+\[([^\]]*)\]\s*-?%\}")]
    private static partial Regex ListOfNames();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Name();

    [GeneratedRegex(@"^(\w+):\r?\n\s+pkg\.latest:", RegexOptions.Multiline)]
    private static partial Regex LatestState();

    [GeneratedRegex(@"^(\w+):\r?\n\s+test\.succeed_without_changes:", RegexOptions.Multiline)]
    private static partial Regex NamingState();
}
