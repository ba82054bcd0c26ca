using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Fleet;

/// <summary>
/// Groups of minions, by hand or by a rule in the compound syntax. A rule is checked when it is written, with every
/// group it names, so that no group leads back to itself; one writer at a time, or two could close a circle together.
/// A group that a rule names can be neither deleted nor renamed.
/// </summary>
internal sealed partial class Groups(NpgsqlDataSource dataSource, TimeProvider clock, ILogger<Groups> logger)
{
    public const int LargestPage = 1_000;

    /// <summary>Most minions that one order about members names, each of them a string in memory.</summary>
    public const int MostMembersAtOnce = 100_000;

    internal const string LockSql = "select pg_advisory_xact_lock(7261, 2)";

    internal const string CreateSql = """
        insert into minion_group (name, rule, created_by, created_at) values ($1, $2, $3, $4)
        on conflict (name) do nothing
        returning id
        """;

    /// <summary>A group that gets a rule has no more members by hand.</summary>
    internal const string UpdateSql = """
        with gone as (delete from minion_group_member where group_id = $1 and $3::text is not null)
        update minion_group set name = $2, rule = $3
        where id = $1 and not exists (select from minion_group where name = $2 and id <> $1)
        """;

    internal const string DeleteSql = "delete from minion_group where id = $1";

    internal const string NameSql = "select name from minion_group where id = $1";

    internal const string RulesSql = "select name, rule from minion_group where rule is not null and id <> $1";

    internal const string AddSql = """
        insert into minion_group_member (group_id, minion_key)
        select g.id, m.minion_key from minion_group g, minion m
        where g.id = $1 and g.rule is null and m.minion_key = any($2)
        on conflict do nothing
        """;

    internal const string RemoveSql = "delete from minion_group_member where group_id = $1 and minion_key = any($2)";

    internal const string KeepSql = """
        delete from minion_group_member where group_id = $1 and minion_key <> all($2)
        """;

    private const string Columns = """
        g.id, g.name, g.rule, g.created_by, g.created_at,
        case when g.rule is null then (select count(*)::int from minion_group_member m where m.group_id = g.id) end
        """;

    internal const string FindByNameSql = $"select {Columns} from minion_group g where g.name = $1";

    internal const string FindByIdSql = $"select {Columns} from minion_group g where g.id = $1";

    internal const string ListSql = $"""
        select {Columns}
        from minion_group g
        where g.name > $1
        order by g.name
        limit $2
        """;

    public async Task<GroupOutcome> CreateAsync(
        string name, string? rule, string actor, CancellationToken cancellationToken)
    {
        if (CheckName(name) is { } odd)
        {
            return odd;
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, LockSql, [], cancellationToken);
        var created = await Statement.QueryAsync(
            connection, CreateSql, [name, Storable(rule), actor, clock.GetUtcNow()], row => row.GetInt64(0),
            cancellationToken);
        if (created.Count == 0)
        {
            return new GroupOutcome.Refused("name", $"There is a group '{name}' already.");
        }

        if (await CheckRuleAsync(rule, connection, cancellationToken) is { } refused)
        {
            return refused;
        }

        await transaction.CommitAsync(cancellationToken);
        LogCreated(actor, name);
        return new GroupOutcome.Done(new GroupId(created[0]));
    }

    /// <summary>Gives the group this name and this rule; without a rule it is a group by hand.</summary>
    public async Task<GroupOutcome> UpdateAsync(
        GroupId group, string name, string? rule, string actor, CancellationToken cancellationToken)
    {
        if (CheckName(name) is { } odd)
        {
            return odd;
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, LockSql, [], cancellationToken);
        if (await FindNameAsync(group, connection, cancellationToken) is not { } before)
        {
            return new GroupOutcome.Unknown();
        }

        if (before != name && await FindUserAsync(group, before, connection, cancellationToken) is { } user)
        {
            return new GroupOutcome.Refused("name", $"The rule of the group '{user}' names '{before}'.");
        }

        if (await Statement.ExecuteAsync(
            connection, UpdateSql, [group.Value, name, Storable(rule)], cancellationToken) == 0)
        {
            return new GroupOutcome.Refused("name", $"There is a group '{name}' already.");
        }

        if (await CheckRuleAsync(rule, connection, cancellationToken) is { } refused)
        {
            return refused;
        }

        await transaction.CommitAsync(cancellationToken);
        LogUpdated(actor, name);
        return new GroupOutcome.Done(group);
    }

    public async Task<GroupOutcome> DeleteAsync(GroupId group, string actor, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, LockSql, [], cancellationToken);
        if (await FindNameAsync(group, connection, cancellationToken) is not { } name)
        {
            return new GroupOutcome.Unknown();
        }

        if (await FindUserAsync(group, name, connection, cancellationToken) is { } user)
        {
            return new GroupOutcome.Refused("group", $"The rule of the group '{user}' names '{name}'.");
        }

        await Statement.ExecuteAsync(connection, DeleteSql, [group.Value], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogDeleted(actor, name);
        return new GroupOutcome.Done(group);
    }

    /// <summary>How many were not members before. A group by rule takes none.</summary>
    public async Task<int> AddMembersAsync(
        GroupId group, IReadOnlyCollection<MinionKey> minions, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await Statement.ExecuteAsync(connection, AddSql, [group.Value, Keys(minions)], cancellationToken);
    }

    /// <summary>How many were members.</summary>
    public async Task<int> RemoveMembersAsync(
        GroupId group, IReadOnlyCollection<MinionKey> minions, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await Statement.ExecuteAsync(connection, RemoveSql, [group.Value, Keys(minions)], cancellationToken);
    }

    /// <summary>Makes these the members of a group by hand, and no others; how many it has then.</summary>
    public async Task<int> SetMembersAsync(
        GroupId group, IReadOnlyCollection<MinionKey> minions, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, KeepSql, [group.Value, Keys(minions)], cancellationToken);
        await Statement.ExecuteAsync(connection, AddSql, [group.Value, Keys(minions)], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return minions.Count;
    }

    /// <summary>The group of this name; null if there is none.</summary>
    public async Task<MinionGroup?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (StorableText.FirstOdd(name) is not null)
        {
            return null;
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var found = await Statement.QueryAsync(connection, FindByNameSql, [name], Read, cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>The group with this id; null if there is none.</summary>
    public async Task<MinionGroup?> FindAsync(GroupId group, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var found = await Statement.QueryAsync(connection, FindByIdSql, [group.Value], Read, cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>One page in the order of names, after the name given ("" for the first).</summary>
    public async Task<IReadOnlyList<MinionGroup>> ListAsync(
        string after, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await Statement.QueryAsync(
            connection, ListSql, [after, Math.Clamp(limit, 1, LargestPage)], Read, cancellationToken);
    }

    private static MinionGroup Read(NpgsqlDataReader row) => new(
        new GroupId(row.GetInt64(0)), row.GetString(1), row.TextOrNull(2), row.GetString(3),
        row.GetFieldValue<DateTimeOffset>(4), row.IsDBNull(5) ? null : row.GetInt32(5));

    private static long[] Keys(IReadOnlyCollection<MinionKey> minions) => [.. minions.Select(minion => minion.Value)];

    /// <summary>
    /// The row is written before its rule is checked; what cannot be stored fails the check as well as ''.
    /// </summary>
    private static string? Storable(string? rule) =>
        rule is not null && StorableText.FirstOdd(rule) is not null ? "" : rule;

    private static GroupOutcome.Refused? CheckName(string name) => GroupName().IsMatch(name)
        ? null
        : new GroupOutcome.Refused(
            "name", "A group's name is 1 to 100 letters, digits, '.', '_', '-' or '@', and not just '.' or '..': a "
            + "rule names it by N@, and an address by itself.");

    private static async Task<GroupOutcome.Refused?> CheckRuleAsync(
        string? rule, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (rule is null)
        {
            return null;
        }

        var (_, refused) = await TargetSelector.ResolveAsync("rule", rule, connection, cancellationToken);
        return refused is null ? null : new GroupOutcome.Refused("rule", refused.Errors[0].Message);
    }

    private static async Task<string?> FindNameAsync(
        GroupId group, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var names = await Statement.QueryAsync(
            connection, NameSql, [group.Value], row => row.GetString(0), cancellationToken);
        return names.Count == 0 ? null : names[0];
    }

    /// <summary>A group other than this one whose rule names it.</summary>
    private static async Task<string?> FindUserAsync(
        GroupId group, string name, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var rules = await Statement.QueryAsync(
            connection, RulesSql, [group.Value], row => (Name: row.GetString(0), Rule: row.GetString(1)),
            cancellationToken);
        return rules
            .Where(other => CompoundReader.Read(other.Rule) is CompoundReading.Understood read
                && read.Expression.Leaves().Contains(new CompoundExpression.Group(name)))
            .Select(other => other.Name)
            .FirstOrDefault();
    }

    [GeneratedRegex(@"\A(?!\.{1,2}\z)[\p{L}\p{Nd}._@-]{1,100}\z")]
    private static partial Regex GroupName();

    [LoggerMessage(LogLevel.Information, "{Actor} created the group {Name}")]
    private partial void LogCreated(string actor, string name);

    [LoggerMessage(LogLevel.Information, "{Actor} changed the group {Name}")]
    private partial void LogUpdated(string actor, string name);

    [LoggerMessage(LogLevel.Information, "{Actor} deleted the group {Name}")]
    private partial void LogDeleted(string actor, string name);
}
