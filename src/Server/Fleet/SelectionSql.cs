using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Saltern.Server.Fleet;

/// <summary>
/// Writes a selection as a condition over <c>minion m</c>. The text it writes is made of constants and parameter
/// numbers only; what a user wrote goes into parameters. Grains are matched by the function <c>grain_matches</c> of
/// the schema, which walks them as Salt's subdict_match does; the few grains that have a column are matched by it,
/// which spares unpacking the grains of the whole fleet.
/// </summary>
internal sealed class SelectionSql(int firstParameter)
{
    private readonly List<NpgsqlParameter> parameters = [];

    public IReadOnlyList<NpgsqlParameter> Parameters => parameters;

    /// <summary>The condition; <see cref="Parameters"/> grows by what it needs.</summary>
    public string Write(CompoundExpression expression) => expression switch
    {
        CompoundExpression.And and => WriteAnd(and.Parts),
        CompoundExpression.Or or => $"({string.Join(" or ", or.Parts.Select(Write))})",
        CompoundExpression.Not not => $"not {Write(not.Inner)}",
        CompoundExpression.Glob { Pattern: "*" } => "true",
        CompoundExpression.Glob glob when SaltGlob.IsLiteral(glob.Pattern) => $"(m.minion_id = {Text(glob.Pattern)})",
        CompoundExpression.Glob glob => $"(m.minion_id ~ {Text(SelectionRegex.ForGlob(glob.Pattern))})",
        CompoundExpression.IdRegex regex => $"(m.minion_id ~ {Text(SelectionRegex.ForRegex(regex.Pattern))})",
        CompoundExpression.Ids ids => $"(m.minion_id = any({Texts(ids.MinionIds)}))",
        CompoundExpression.MembersOf group => "(m.minion_key in (select minion_key from minion_group_member where "
            + $"group_id = {Add(group.GroupId.Value, NpgsqlDbType.Bigint)}))",
        CompoundExpression.Network network =>
            $"exists (select from unnest(m.ip_addresses) a where a <<= {Text(network.Range.ToString())}::inet)",
        CompoundExpression.Grain grain => WriteGrain(
            grain.Path,
            [.. grain.Path.Rests().Select(rest => SelectionRegex.IgnoreCase + SelectionRegex.ForGlob(rest))]),
        CompoundExpression.GrainRegex grain => WriteGrain(
            grain.Path, [.. grain.Path.Rests().Select(rest => SelectionRegex.ForGrainRegex(rest))]),
        _ => throw new InvalidOperationException($"{expression} must be looked up before it is written"),
    };

    public string Text(string value) => Add(value, NpgsqlDbType.Text);

    public string Texts(IEnumerable<string> values) =>
        Add(values.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);

    public string Add(object value, NpgsqlDbType type)
    {
        parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });
        return "$" + (firstParameter + parameters.Count - 1).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// PostgreSQL does not know what unpacking grains costs; the case makes it look at the other conditions first.
    /// </summary>
    private string WriteAnd(IReadOnlyList<CompoundExpression> parts)
    {
        var quick = parts.Where(part => !Walks(part)).Select(Write).ToList();
        var slow = parts.Where(Walks).Select(Write).ToList();
        return quick.Count == 0 || slow.Count == 0
            ? $"({string.Join(" and ", quick.Concat(slow))})"
            : $"(case when {string.Join(" and ", quick)} then {string.Join(" and ", slow)} else false end)";
    }

    private static bool Walks(CompoundExpression expression) => expression.Leaves().Any(leaf => leaf switch
    {
        CompoundExpression.Grain grain => ColumnOf(grain.Path) is null,
        CompoundExpression.GrainRegex grain => ColumnOf(grain.Path) is null,
        _ => false,
    });

    private static string? ColumnOf(GrainPath path) =>
        path.Parts.Count == 2 ? MinionFacts.ColumnOf(path.Parts[0]) : null;

    private string WriteGrain(GrainPath path, IReadOnlyList<string> patterns)
    {
        // A grain that is a list or a dict has no text in its column; whoever has none is walked.
        var column = ColumnOf(path);
        var walked = $"grain_matches(m.grains, {Texts(path.Parts)}, {Texts(path.Rests())}, {Texts(patterns)}, 0)";
        return column is null
            ? walked
            : $"(case when m.{column} is not null then m.{column} ~ {Text(patterns[0])} else {walked} end)";
    }
}
