using System.Globalization;
using System.Text.Json;

namespace Saltern.Server.Tests.Fleet;

/// <summary>
/// Salt's own matching, written after salt/utils/data.py (subdict_match, traverse_dict_and_list) and Python's fnmatch,
/// as the oracle for what the database selects. Kept as close to their text as C# allows, not to ours.
/// </summary>
internal static class SaltMatching
{
    /// <summary>Python's fnmatch, character by character.</summary>
    public static bool Fnmatch(string name, string pattern)
    {
        if (pattern.Length == 0)
        {
            return name.Length == 0;
        }

        if (pattern[0] == '*')
        {
            return Fnmatch(name, pattern[1..]) || (name.Length > 0 && Fnmatch(name[1..], pattern));
        }

        if (name.Length == 0)
        {
            return false;
        }

        if (pattern[0] == '[' && SetEnd(pattern) is var end and > 0)
        {
            return InSet(name[0], pattern[1..end]) && Fnmatch(name[1..], pattern[(end + 1)..]);
        }

        return (pattern[0] == '?' || pattern[0] == name[0]) && Fnmatch(name[1..], pattern[1..]);
    }

    public static bool SubdictMatch(JsonElement data, string expr, Func<string, string, bool>? match = null)
    {
        match ??= (value, pattern) => Fnmatch(value, pattern.ToLowerInvariant());
        var splits = expr.Split(':');
        for (var idx = splits.Length - 1; idx > 0; idx--)
        {
            var key = string.Join(':', splits[..idx]);
            var matchstr = key == "*" ? expr : string.Join(':', splits[idx..]);
            var found = key == "*" ? data : Traverse(data, splits[..idx]);
            if (found is not { } value || (value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any()))
            {
                continue;
            }

            if (value.ValueKind == JsonValueKind.Array
                ? value.EnumerateArray().Any(member =>
                    (member.ValueKind == JsonValueKind.Object && DictMatch(member, matchstr, match))
                    || Matches(member, matchstr, match))
                : value.ValueKind == JsonValueKind.Object
                    ? DictMatch(value, matchstr, match)
                    : Matches(value, matchstr, match))
            {
                return true;
            }
        }

        return false;
    }

    private static bool DictMatch(JsonElement target, string pattern, Func<string, string, bool> match)
    {
        var wildcard = pattern.StartsWith("*:", StringComparison.Ordinal);
        pattern = wildcard ? pattern[2..] : pattern;
        if (pattern == "*" || target.TryGetProperty(pattern, out _) || SubdictMatch(target, pattern, match))
        {
            return true;
        }

        return wildcard && target.EnumerateObject().Any(entry => entry.Value.ValueKind switch
        {
            JsonValueKind.Object => DictMatch(entry.Value, pattern, match),
            JsonValueKind.Array => entry.Value.EnumerateArray().Any(item => Matches(item, pattern, match)),
            _ => Matches(entry.Value, pattern, match),
        });
    }

    private static JsonElement? Traverse(JsonElement pointer, string[] keys)
    {
        foreach (var key in keys)
        {
            var next = pointer.ValueKind switch
            {
                JsonValueKind.Array => StepIntoList(pointer, key),
                JsonValueKind.Object when pointer.TryGetProperty(key, out var value) => value,
                _ => null,
            };
            if (next is not { } reached)
            {
                return null;
            }

            pointer = reached;
        }

        return pointer;
    }

    /// <summary>
    /// A number is an index; any other key is looked for in the dicts of the list, the first that has it counts.
    /// </summary>
    private static JsonElement? StepIntoList(JsonElement list, string key)
    {
        var items = list.EnumerateArray().ToList();
        if (int.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            index = index < 0 ? index + items.Count : index;
            return index >= 0 && index < items.Count ? items[index] : null;
        }

        foreach (var item in items.Where(item => item.ValueKind == JsonValueKind.Object))
        {
            if (item.TryGetProperty(key, out var value))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>
    /// Salt matches str() of what it finds; that of a dict or list matches nothing a person would write.
    /// </summary>
    private static bool Matches(JsonElement target, string pattern, Func<string, string, bool> match) =>
        target.ValueKind switch
        {
            JsonValueKind.Object or JsonValueKind.Array => false,
            JsonValueKind.Null => match("none", pattern),
            JsonValueKind.String => match(target.GetString()!.ToLowerInvariant(), pattern),
            _ => match(target.GetRawText().ToLowerInvariant(), pattern),
        };

    private static int SetEnd(string pattern)
    {
        var from = pattern.Length > 1 && pattern[1] == '!' ? 2 : 1;
        return from + 1 <= pattern.Length - 1 ? pattern.IndexOf(']', from + 1) : -1;
    }

    private static bool InSet(char c, string set)
    {
        var negated = set.StartsWith('!');
        set = negated ? set[1..] : set;
        var found = false;
        for (var i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                found |= set[i] <= c && c <= set[i + 2];
                i += 2;
            }
            else
            {
                found |= set[i] == c;
            }
        }

        return found != negated;
    }
}
