using Npgsql;

namespace Saltern.Server.Database;

/// <summary>
/// Gives a master a role of its own to log in with: a member of saltern_returner, which may do what the returner needs
/// and no more. Its search path finds the tables of the job cache, and it has no statement_timeout: one that strikes in
/// the middle of an insert loses the return, and no exception block can catch it.
/// </summary>
internal sealed class ReturnerRoles(NpgsqlDataSource dataSource)
{
    internal const string ExistsSql = "select rolsuper, rolcanlogin from pg_roles where rolname = $1";

    /// <summary>
    /// Identifiers cannot be parameters: PostgreSQL itself quotes them, and gives the statements to run.
    /// </summary>
    internal const string WriteSql = """
        select format('%s role %I with login nosuperuser nocreatedb nocreaterole inherit password %L; '
                      'grant saltern_returner to %I; '
                      'alter role %I in database %I set search_path = salt; '
                      'alter role %I in database %I set statement_timeout = 0',
                      $3::text, $1::text, $2::text, $1, $1, current_database(), $1, current_database())
        """;

    /// <summary>
    /// Makes the role, or gives the existing one this password. A sentence says why not, if it cannot be.
    /// </summary>
    public async Task<string?> WriteAsync(string role, string password, CancellationToken cancellationToken)
    {
        if (password.Length < 8 || password.Any(letter => letter is < '!' or > '~'))
        {
            return "The password must have at least 8 characters, all of printable ASCII without spaces.";
        }

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var existing = await Statement.QueryAsync(
            connection, ExistsSql, [role], row => row.GetBoolean(0), cancellationToken);
        if (role == "saltern_returner" || existing is [true])
        {
            return $"'{role}' is not a name for a master's role: it is in use for something else.";
        }

        var statements = await Statement.QueryAsync(
            connection, WriteSql, [role, ScramVerifier.Of(password), existing.Count == 0 ? "create" : "alter"],
            row => row.GetString(0), cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Statement.ExecuteAsync(connection, statements[0], [], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }
}
