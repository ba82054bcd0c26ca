using Npgsql;
using NpgsqlTypes;

namespace Saltern.Server.Fleet;

/// <summary>
/// Puts groups in the place of their names: a group by hand becomes its member rows, a group by rule its rule, whose
/// own groups are looked up in turn. Groups are read level by level, one query each, so a fleet's worth of nested
/// groups costs as many queries as they are deep.
/// </summary>
internal static class GroupLookup
{
    public const int MostMatchers = 5_000;
    public const int DeepestNesting = 20;

    internal const string GroupsByNameSql = "select id, name, rule from minion_group where name = any($1)";

    /// <summary>The expression without names of groups, or a sentence that says what is wrong.</summary>
    public static async Task<(CompoundExpression? Expression, string? Problem)> ExpandAsync(
        CompoundExpression expression, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, CompoundExpression>(StringComparer.Ordinal);
        var wanted = NamesIn(expression);
        while (wanted.Count > 0)
        {
            var found = await ReadAsync(wanted, connection, cancellationToken);
            if (found.Problem is not null)
            {
                return (null, found.Problem);
            }

            foreach (var (name, rule) in found.Groups)
            {
                known[name] = rule;
            }

            wanted = [.. found.Groups.Values.SelectMany(NamesIn).Except(known.Keys).Distinct()];
        }

        return Expand(expression, known);
    }

    /// <summary>Pure: whether the groups lead back to themselves, and the whole expression if they do not.</summary>
    internal static (CompoundExpression? Expression, string? Problem) Expand(
        CompoundExpression expression, IReadOnlyDictionary<string, CompoundExpression> groups)
    {
        if (FindOddNesting(expression, groups, [], []) is { } odd)
        {
            return (null, odd);
        }

        // Counted before it is built: ten groups that name each other twice over are a thousand matchers.
        return Size(expression, groups) > MostMatchers
            ? (null, $"With its groups the expression has more than {MostMatchers} matchers.")
            : (Replace(expression, groups), null);
    }

    private static List<string> NamesIn(CompoundExpression expression) =>
        [.. expression.Leaves().OfType<CompoundExpression.Group>().Select(group => group.Name).Distinct()];

    private static string? FindOddNesting(
        CompoundExpression expression, IReadOnlyDictionary<string, CompoundExpression> groups, List<string> inside,
        HashSet<string> sound)
    {
        foreach (var name in NamesIn(expression).Where(name => !sound.Contains(name)))
        {
            if (inside.Contains(name))
            {
                var circle = inside.SkipWhile(other => other != name).Append(name);
                return $"These groups contain themselves: {string.Join(" contains ", circle)}.";
            }

            if (inside.Count == DeepestNesting)
            {
                return $"The groups are nested more than {DeepestNesting} deep, from {inside[0]} to {name}.";
            }

            if (FindOddNesting(groups[name], groups, [.. inside, name], sound) is { } odd)
            {
                return odd;
            }

            sound.Add(name);
        }

        return null;
    }

    private static long Size(CompoundExpression expression, IReadOnlyDictionary<string, CompoundExpression> groups)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        return SizeOf(expression);

        long SizeOf(CompoundExpression part) => part.Leaves()
            .Sum(leaf => leaf is CompoundExpression.Group group ? SizeOfGroup(group.Name) : 1);

        long SizeOfGroup(string name)
        {
            if (!sizes.TryGetValue(name, out var size))
            {
                size = Math.Min(SizeOf(groups[name]), MostMatchers + 1);
                sizes[name] = size;
            }

            return size;
        }
    }

    private static CompoundExpression Replace(
        CompoundExpression expression, IReadOnlyDictionary<string, CompoundExpression> groups) =>
        expression.Rewrite(part =>
            part is CompoundExpression.Group group ? Replace(groups[group.Name], groups) : part);

    private static async Task<(Dictionary<string, CompoundExpression> Groups, string? Problem)> ReadAsync(
        IReadOnlyList<string> names, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var groups = new Dictionary<string, CompoundExpression>(StringComparer.Ordinal);
        var storable = names.Where(name => StorableText.FirstOdd(name) is null).ToArray();
        await using var command = new NpgsqlCommand(GroupsByNameSql, connection)
        {
            Parameters = { new() { Value = storable, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var name = reader.GetString(1);
            if (await reader.IsDBNullAsync(2, cancellationToken))
            {
                groups[name] = new CompoundExpression.MembersOf(new GroupId(reader.GetInt64(0)));
            }
            else if (CompoundReader.Read(reader.GetString(2)) is CompoundReading.Understood rule)
            {
                groups[name] = rule.Expression;
            }
            else
            {
                return (groups, $"The rule of the group '{name}' cannot be read any more; write it anew.");
            }
        }

        var unknown = names.Where(name => !groups.ContainsKey(name)).Take(TargetSelector.MostNamesListed).ToList();
        return unknown.Count == 0
            ? (groups, null)
            : (groups, $"There is no group '{string.Join("' and no group '", unknown)}'.");
    }
}
