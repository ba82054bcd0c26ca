using System.Reflection;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Gates;

/// <summary>
/// Every constant whose name ends in Sql is prepared against the real schema: a typo, a column that is gone or a wrong
/// type fails here and not in the night.
/// </summary>
public sealed class SqlTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly Assembly[] Assemblies = [typeof(DatabaseOptions).Assembly];

    [Fact]
    public async Task Every_statement_prepares_against_the_schema()
    {
        var failures = new List<string>();
        var statements = Statements(Assemblies.SelectMany(assembly => assembly.GetTypes())).ToList();
        foreach (var ofOneClass in statements.GroupBy(field => field.DeclaringType!))
        {
            var constants = ofOneClass.ToDictionary(field => field.Name, field => (string)field.GetRawConstantValue()!);
            var wrong = await PrepareAsync(constants);
            failures.AddRange(wrong.Select(failure => $"{ofOneClass.Key.FullName}.{failure}"));
        }

        Assert.NotEmpty(statements);
        Findings.AssertNone(failures);
    }

    [Theory]
    [InlineData("select no_such_column from inbox", "42703")]
    [InlineData("select id from no_such_table where id = $1", "42P01")]
    [InlineData("select id from inbox where id = $1::boolean", "42883")]
    [InlineData("select 1; selct 2", "42601")]
    [InlineData("update inbox set success = $1::point", "42804")]
    public async Task A_wrong_statement_is_found(string sql, string code)
    {
        var failures = await PrepareAsync(new() { ["BadSql"] = sql, ["GoodSql"] = "select id from inbox" });
        var failure = Assert.Single(failures);
        Assert.StartsWith($"BadSql: {code}", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statements_on_a_temporary_table_of_their_class_are_prepared_with_it() =>
        Assert.Empty(await PrepareAsync(new()
        {
            ["AFromSql"] = "select id from taken where id = $1",
            ["TableSql"] = "create temporary table taken (id bigint) on commit drop",
        }));

    [Fact]
    public void Statements_are_found_by_their_name() =>
        Assert.Equal(["BadSql"], Statements([typeof(Example)]).Select(field => field.Name));

    private static IEnumerable<FieldInfo> Statements(IEnumerable<Type> types) => types
        .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
        .Where(field => field.IsLiteral && field.FieldType == typeof(string))
        .Where(field => field.Name.EndsWith("Sql", StringComparison.Ordinal));

    /// <summary>
    /// Prepares the statements of one class on a connection of their own, its temporary tables made first. Without
    /// parameters given, PostgreSQL infers their types from the statement, as it should be able to.
    /// </summary>
    private async Task<List<string>> PrepareAsync(Dictionary<string, string> constants)
    {
        var failures = new List<string>();
        await using var connection = new NpgsqlConnection(
            database.ConnectionString + ";Search Path=saltern;Pooling=false");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var table in constants.Values.Where(sql => sql.StartsWith("create temp", StringComparison.Ordinal)))
        {
            await using var create = new NpgsqlCommand(table, connection);
            await create.ExecuteNonQueryAsync();
        }

        foreach (var (name, sql) in constants)
        {
            await transaction.SaveAsync("before");
            try
            {
                await using var command = new NpgsqlCommand(sql, connection);
                await command.PrepareAsync();
            }
            catch (PostgresException problem)
            {
                failures.Add($"{name}: {problem.SqlState} {problem.MessageText}");
            }

            await transaction.RollbackAsync("before");
        }

        return failures;
    }

    private static class Example
    {
        public const string BadSql = "select";
        public const string Other = "select";
    }
}
