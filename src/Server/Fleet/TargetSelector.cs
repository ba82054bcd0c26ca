using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Database;

namespace Saltern.Server.Fleet;

/// <summary>
/// Turns what a user selected into one query over the fleet. Patterns select minions whose key is accepted, and may
/// select none. Named minions are held to: each must exist once, with its key accepted, or the selection is refused and
/// says which do not. Nothing here changes a row or spoils the caller's transaction.
/// </summary>
internal static class TargetSelector
{
    /// <summary>How many names a refusal lists; the rest is a number.</summary>
    public const int MostNamesListed = 20;

    /// <summary>Most ids that a selection may name, each of them a string in memory.</summary>
    public const int MostNamedMinions = 200_000;

    internal const string KeyDomainSql = "select id from key_domain where name = $1";

    internal const string NamedMinionsSql = """
        select w.id,
               count(*) filter (where m.key_status = 'accepted'),
               min(m.key_status) filter (where m.key_status not in ('accepted', 'deleted')),
               string_agg(d.name, ', ' order by d.name) filter (where m.key_status = 'accepted')
        from (select distinct id from unnest($1::text[]) as w(id)) w
        left join minion m on m.minion_id = w.id and ($2::int is null or m.key_domain_id = $2)
        left join key_domain d on d.id = m.key_domain_id
        group by w.id
        having count(*) filter (where m.key_status = 'accepted') <> 1
        order by w.id
        """;

    /// <summary>A query whose parameters begin with <c>$1</c>.</summary>
    public static Task<SelectedMinions> BuildAsync(
        TargetSelection selection, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        BuildAsync(selection, connection, 1, cancellationToken);

    /// <summary>
    /// A query whose parameters begin with <paramref name="firstParameter"/>, after the caller's own.
    /// </summary>
    public static async Task<SelectedMinions> BuildAsync(
        TargetSelection selection, NpgsqlConnection connection, int firstParameter, CancellationToken cancellationToken)
    {
        if (selection.WaysGiven() != 1)
        {
            return new SelectedMinions.Refused(
                "target", "Give exactly one of minions, group, glob, grain and compound; "
                + $"{selection.WaysGiven()} of them are given.");
        }

        int? domain = null;
        if (selection.KeyDomain is { } name)
        {
            domain = await FindKeyDomainAsync(name, connection, cancellationToken);
            if (domain is null)
            {
                return new SelectedMinions.Refused("target.keyDomain", $"There is no key domain '{name}'.");
            }
        }

        var read = await ReadAsync(selection, domain, connection, cancellationToken);
        return (SelectedMinions?)read.Refused ?? Query(read.Expression!, domain, firstParameter);
    }

    /// <summary>
    /// The condition over <c>minion m</c> that an expression comes to, groups looked up, or what is wrong with it.
    /// </summary>
    public static async Task<(CompoundExpression? Expression, SelectedMinions.Refused? Refused)> ResolveAsync(
        string argument, string compound, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        return CompoundReader.Read(compound) switch
        {
            CompoundReading.NotUnderstood odd => (null, new SelectedMinions.Refused(argument, odd.Message)),
            CompoundReading.Understood read =>
                await LookUpAsync(argument, read.Expression, connection, cancellationToken),
            _ => throw new InvalidOperationException("A reading is understood or not."),
        };
    }

    private static SelectedMinions.Query Query(CompoundExpression expression, int? domain, int firstParameter)
    {
        var sql = new SelectionSql(firstParameter);
        var inDomain = domain is { } id ? $" and m.key_domain_id = {sql.Add(id, NpgsqlDbType.Integer)}" : "";
        var text = $"select m.minion_key from minion m where m.key_status = 'accepted'{inDomain} "
            + $"and {sql.Write(expression)}";
        return new SelectedMinions.Query(text, sql.Parameters);
    }

    private static async Task<int?> FindKeyDomainAsync(
        string name, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (StorableText.FirstOdd(name) is not null)
        {
            return null;
        }

        await using var command = Statement.Of(connection, KeyDomainSql, name);
        return await command.ExecuteScalarAsync(cancellationToken) as int?;
    }

    private static async Task<(CompoundExpression? Expression, SelectedMinions.Refused? Refused)> ReadAsync(
        TargetSelection selection, int? domain, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        switch (selection)
        {
            case { Minions: { } minions }:
                var errors = await CheckNamesAsync(minions, domain, connection, cancellationToken);
                return errors.Count > 0
                    ? (null, new SelectedMinions.Refused(errors))
                    : (new CompoundExpression.Ids(minions), null);
            case { Group: { } group }:
                return await LookUpAsync(
                    "target.group", new CompoundExpression.Group(group), connection, cancellationToken);
            case { Glob: { } glob }:
                return ReadPattern("target.glob", glob, new CompoundExpression.Glob(glob));
            case { Grain: { } grain }:
                return GrainPath.Parse(grain) is { } path
                    ? ReadPattern("target.grain", grain, new CompoundExpression.Grain(path))
                    : (null, new SelectedMinions.Refused(
                        "target.grain", $"'{grain}' is not a grain's name, ':' and a glob, as in os:SLES."));
            default:
                return await ResolveAsync("target.compound", selection.Compound!, connection, cancellationToken);
        }
    }

    private static (CompoundExpression? Expression, SelectedMinions.Refused? Refused) ReadPattern(
        string argument, string text, CompoundExpression expression)
    {
        var problem = text switch
        {
            "" => "An empty pattern selects no minion; '*' selects all.",
            { Length: > CompoundReader.MostCharacters } =>
                $"The pattern has {text.Length} characters; at most {CompoundReader.MostCharacters} are read.",
            _ when StorableText.FirstOdd(text) is { } odd => $"At position {odd + 1} there is {StorableText.Odd}.",
            _ => null,
        };
        return problem is null ? (expression, null) : (null, new SelectedMinions.Refused(argument, problem));
    }

    private static async Task<(CompoundExpression? Expression, SelectedMinions.Refused? Refused)> LookUpAsync(
        string argument, CompoundExpression expression, NpgsqlConnection connection,
        CancellationToken cancellationToken)
    {
        var (whole, problem) = await GroupLookup.ExpandAsync(expression, connection, cancellationToken);
        problem ??= await RegexCheck.FindProblemAsync(whole!, connection, cancellationToken);
        return problem is null ? (whole, null) : (null, new SelectedMinions.Refused(argument, problem));
    }

    private static async Task<IReadOnlyList<(string Argument, string Message)>> CheckNamesAsync(
        IReadOnlyList<string> minions, int? domain, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (minions.Count == 0)
        {
            return [("target.minions", "The list of minions is empty; name at least one.")];
        }

        if (minions.Count > MostNamedMinions)
        {
            return [("target.minions", $"{minions.Count} minions are named; at most {MostNamedMinions} "
                + "can be. Use a group or a pattern.")];
        }

        var storable = minions.Where(id => StorableText.FirstOdd(id) is null).ToArray();
        var problems = new NameProblems();
        problems.Unknown.AddRange(minions.Except(storable).Select(id => id.Replace('\0', '?')));
        await using var command = new NpgsqlCommand(NamedMinionsSql, connection)
        {
            Parameters =
            {
                new() { Value = storable, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                new() { Value = (object?)domain ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            problems.Add(
                reader.GetString(0),
                reader.GetInt64(1),
                await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetString(2),
                await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetString(3));
        }

        return problems.Errors("target.minions");
    }
}
