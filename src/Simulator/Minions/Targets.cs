using System.IO.Enumeration;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Saltern.Simulator.Keys;

namespace Saltern.Simulator.Minions;

/// <summary>
/// Which minions a target means, as the master works it out from accepted keys, up or not. A named minion without an
/// accepted key is left out silently; a type of target that Salt does not have means nobody.
/// </summary>
internal static class Targets
{
    private static readonly TimeSpan RegexLimit = TimeSpan.FromSeconds(2);

    public static List<int> Resolve(Fleet fleet, JsonNode? target, string type)
    {
        lock (fleet.Gate)
        {
            return type switch
            {
                "list" => OfList(fleet, NamesOf(target)),
                "glob" => OfGlob(fleet, TextOf(target)),
                "pcre" => OfRegex(fleet, TextOf(target)),
                "grain" => OfGrain(fleet, TextOf(target)),
                "compound" => OfCompound(fleet, TextOf(target)),
                _ => [],
            };
        }
    }

    /// <summary>The names of a list target, given as a list or as one string with commas.</summary>
    public static List<string> NamesOf(JsonNode? target) => target switch
    {
        JsonArray names => [.. names.Select(TextOf)],
        null => [],
        _ => [.. TextOf(target).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
    };

    public static bool Matches(string pattern, string name) =>
        FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    private static List<int> OfList(Fleet fleet, List<string> names)
    {
        HashSet<int> taken = [];
        List<int> found = new(names.Count);
        foreach (string name in names)
        {
            if (fleet.TryFind(name, out int minion) && IsAccepted(fleet, minion) && taken.Add(minion))
            {
                found.Add(minion);
            }
        }

        return found;
    }

    private static List<int> OfGlob(Fleet fleet, string glob)
    {
        if (glob.AsSpan().ContainsAny('*', '?', '['))
        {
            return fleet.Where(minion => IsAccepted(fleet, minion) && Matches(glob, fleet.IdOf(minion)));
        }

        return OfList(fleet, [glob]);
    }

    private static List<int> OfRegex(Fleet fleet, string expression)
    {
        Regex regex = new($"^(?:{expression})", RegexOptions.CultureInvariant, RegexLimit);
        return fleet.Where(minion => IsAccepted(fleet, minion) && regex.IsMatch(fleet.IdOf(minion)));
    }

    private static List<int> OfGrain(Fleet fleet, string expression)
    {
        int colon = expression.LastIndexOf(':');
        if (colon <= 0)
        {
            return [];
        }

        string key = expression[..colon];
        string pattern = expression[(colon + 1)..];
        return fleet.Where(minion => IsAccepted(fleet, minion)
            && GrainMatches(Grains.Find(Grains.Of(fleet, minion), key), pattern));
    }

    private static bool GrainMatches(JsonNode? grain, string pattern) => grain switch
    {
        null => false,
        JsonArray list => list.Any(entry => GrainMatches(entry, pattern)),
        JsonObject inner => inner.ContainsKey(pattern),
        _ => FileSystemName.MatchesSimpleExpression(pattern, TextOf(grain), ignoreCase: true),
    };

    // Terms with and, or, not from left to right: enough of Salt's compound matcher for what a fleet is targeted by.
    private static List<int> OfCompound(Fleet fleet, string expression)
    {
        HashSet<int>? found = null;
        string joint = "and";
        bool negated = false;
        foreach (string word in expression.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word is "and" or "or")
            {
                joint = word;
                continue;
            }

            if (word == "not")
            {
                negated = !negated;
                continue;
            }

            found = Join(found, joint, OfTerm(fleet, word, negated));
            negated = false;
        }

        return found is null ? [] : [.. found.Order()];
    }

    private static HashSet<int> Join(HashSet<int>? found, string joint, HashSet<int> term)
    {
        if (found is null)
        {
            return term;
        }

        if (joint == "or")
        {
            found.UnionWith(term);
        }
        else
        {
            found.IntersectWith(term);
        }

        return found;
    }

    private static HashSet<int> OfTerm(Fleet fleet, string term, bool negated)
    {
        List<int> found = term switch
        {
            ['G', '@', .. string grain] => OfGrain(fleet, grain),
            ['L', '@', .. string list] => OfList(fleet, NamesOf(list)),
            ['E', '@', .. string regex] => OfRegex(fleet, regex),
            [_, '@', ..] => [],
            _ => OfGlob(fleet, term),
        };
        HashSet<int> set = [.. found];
        return negated ? [.. fleet.Accepted().Where(minion => !set.Contains(minion))] : set;
    }

    private static bool IsAccepted(Fleet fleet, int minion) => fleet[minion].Key == KeyStatus.Accepted;

    private static string TextOf(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out string? text) ? text : node?.ToJsonString() ?? "";
}
