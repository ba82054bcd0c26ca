using Npgsql;
using NpgsqlTypes;

namespace Saltern.Server.Fleet;

/// <summary>
/// Asks PostgreSQL whether it takes the regular expressions of a selection, through a function that returns what is
/// wrong instead of raising it, so that the caller's transaction goes on.
/// </summary>
internal static class RegexCheck
{
    internal const string RegexProblemsSql = """
        select w.pattern, coalesce(regex_problem(w.pattern), regex_problem(w.anchored))
        from unnest($1::text[], $2::text[]) as w(pattern, anchored)
        """;

    /// <summary>A sentence about the first expression that cannot be used; null when all can.</summary>
    public static async Task<string?> FindProblemAsync(
        CompoundExpression expression, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var wanted = expression.Leaves().SelectMany(PatternsOf).Distinct().ToList();
        if (wanted.Count == 0)
        {
            return null;
        }

        var problems = await AskAsync(wanted, connection, cancellationToken);
        return expression.Leaves().Select(leaf => ProblemOf(leaf, problems)).FirstOrDefault(found => found is not null);
    }

    /// <summary>
    /// One pattern that is sound is enough for a grain: in <c>P@os:(?:a|b)</c> the rest after <c>os:(?</c> is none, and
    /// Salt never comes to it either.
    /// </summary>
    private static string? ProblemOf(CompoundExpression leaf, Dictionary<string, string?> problems)
    {
        var patterns = PatternsOf(leaf).ToList();
        return patterns.Count > 0 && patterns.All(pattern => problems[pattern.Pattern] is not null)
            ? $"'{patterns[0].Pattern}' is not a regular expression: {problems[patterns[0].Pattern]}."
            : null;
    }

    private static IEnumerable<(string Pattern, string Anchored)> PatternsOf(CompoundExpression leaf) => leaf switch
    {
        CompoundExpression.IdRegex regex => [(regex.Pattern, SelectionRegex.ForRegex(regex.Pattern))],
        CompoundExpression.GrainRegex grain =>
            grain.Path.Rests().Select(rest => (rest, SelectionRegex.ForGrainRegex(rest))),
        _ => [],
    };

    private static async Task<Dictionary<string, string?>> AskAsync(
        List<(string Pattern, string Anchored)> wanted, NpgsqlConnection connection,
        CancellationToken cancellationToken)
    {
        var problems = new Dictionary<string, string?>(StringComparer.Ordinal);
        var texts = NpgsqlDbType.Array | NpgsqlDbType.Text;
        await using var command = new NpgsqlCommand(RegexProblemsSql, connection)
        {
            Parameters =
            {
                new() { Value = wanted.Select(regex => regex.Pattern).ToArray(), NpgsqlDbType = texts },
                new() { Value = wanted.Select(regex => regex.Anchored).ToArray(), NpgsqlDbType = texts },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            problems[reader.GetString(0)] =
                await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetString(1);
        }

        return problems;
    }
}
