using Npgsql;
using NpgsqlTypes;
using Saltern.Contract;

namespace Saltern.Server.Access;

/// <summary>Makes, lists and revokes tokens. A name is used once: what it did stays attributed to it.</summary>
internal sealed class Tokens(NpgsqlDataSource dataSource, TimeProvider clock)
{
    private const int LongestName = 100;
    private const int MostListed = 1_000;

    internal const string CreateSql = """
        insert into saltern.api_token (name, hash, permissions, created_by, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing
        """;

    internal const string ListSql = """
        select name, permissions, created_by, created_at, expires_at, revoked_at, last_used_at
        from saltern.api_token order by name limit $1
        """;

    internal const string RevokeSql = """
        update saltern.api_token set revoked_at = $2 where name = $1 and revoked_at is null
        """;

    public async Task<TokenCreation> CreateAsync(
        string name, IReadOnlyList<string> permissions, DateTimeOffset? expiresAt, string actor,
        CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (WhatIsWrong(name, permissions, expiresAt, now) is { } reason)
        {
            return new TokenCreation.Refused(reason);
        }

        var token = AccessToken.Create();
        await using var command = dataSource.CreateCommand(CreateSql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = AccessToken.Hash(token) });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. permissions.Distinct()] });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = actor });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter
        {
            NpgsqlDbType = NpgsqlDbType.TimestampTz,
            Value = expiresAt is { } end ? end.ToUniversalTime() : DBNull.Value,
        });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1
            ? new TokenCreation.Created(token)
            : new TokenCreation.Refused($"There is (or was) a token named '{name}'; choose another name.");
    }

    public async Task<IReadOnlyList<TokenLine>> ListAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(ListSql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostListed });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var lines = new List<TokenLine>();
        while (await reader.ReadAsync(cancellationToken))
        {
            lines.Add(new TokenLine(
                reader.GetString(0), reader.GetFieldValue<string[]>(1), reader.GetString(2),
                reader.GetFieldValue<DateTimeOffset>(3), TimeOrNull(reader, 4), TimeOrNull(reader, 5),
                TimeOrNull(reader, 6)));
        }

        return lines;
    }

    /// <summary>False when there is none of that name that could be revoked.</summary>
    public async Task<bool> RevokeAsync(string name, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(RevokeSql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static string? WhatIsWrong(
        string name, IReadOnlyList<string> permissions, DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl))
        {
            return $"A token needs a name of 1 to {LongestName} characters without control characters.";
        }

        var known = string.Join(", ", PermissionNames.All);
        if (permissions.Count == 0)
        {
            return $"A token needs at least one permission; there are {known}.";
        }

        if (permissions.FirstOrDefault(permission => !PermissionNames.All.Contains(permission)) is { } unknown)
        {
            return $"'{unknown}' is no permission; there are {known}.";
        }

        return expiresAt <= now ? "A token cannot expire in the past." : null;
    }

    private static DateTimeOffset? TimeOrNull(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
