using Npgsql;

namespace Saltern.Server.Access;

/// <summary>Lets holders of a token in. Every request asks the table, so that a revoked token ends at once.</summary>
internal sealed class TokenAccess(NpgsqlDataSource dataSource, TimeProvider clock)
{
    private static readonly TimeSpan UseIsNotedEvery = TimeSpan.FromMinutes(1);

    internal const string FindByHashSql = """
        select id, name, permissions, expires_at, revoked_at, last_used_at from saltern.api_token where hash = $1
        """;

    internal const string FindByIdSql = """
        select id, name, permissions, expires_at, revoked_at, last_used_at from saltern.api_token where id = $1
        """;

    internal const string NoteUseSql = """
        update saltern.api_token set last_used_at = $2
        where id = $1 and (last_used_at is null or last_used_at < $3)
        """;

    /// <summary>Who shows this token, if it still holds.</summary>
    public async Task<AccessAnswer> AuthenticateAsync(string token, CancellationToken cancellationToken)
    {
        if (!AccessToken.HasShape(token))
        {
            return new AccessAnswer.Refused($"This is not a token of Saltern; those start with {AccessToken.Prefix}.");
        }

        await using var command = dataSource.CreateCommand(FindByHashSql);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = AccessToken.Hash(token) });
        return await ReadAsync(command, "This token is not known here.", cancellationToken);
    }

    /// <summary>Whether a token that was shown earlier (and lives on in a cookie, say) still holds.</summary>
    public async Task<AccessAnswer> FindAsync(long tokenId, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(FindByIdSql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tokenId });
        return await ReadAsync(command, "This token is gone.", cancellationToken);
    }

    private async Task<AccessAnswer> ReadAsync(
        NpgsqlCommand command, string missing, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        AccessIdentity identity;
        DateTimeOffset? lastUsedAt;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                return new AccessAnswer.Refused(missing);
            }

            identity = new AccessIdentity(
                reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<string[]>(2), TimeOrNull(reader, 3));
            if (TimeOrNull(reader, 4) is not null)
            {
                return new AccessAnswer.Refused($"The token '{identity.Name}' was revoked.");
            }

            lastUsedAt = TimeOrNull(reader, 5);
        }

        if (identity.ExpiresAt is { } end && end <= now)
        {
            return new AccessAnswer.Refused($"The token '{identity.Name}' expired at {end:u}.");
        }

        await NoteUseAsync(identity.TokenId, lastUsedAt, now, cancellationToken);
        return new AccessAnswer.Granted(identity);
    }

    private async Task NoteUseAsync(
        long tokenId, DateTimeOffset? lastUsedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var stale = now - UseIsNotedEvery;
        if (lastUsedAt >= stale)
        {
            return;
        }

        await using var command = dataSource.CreateCommand(NoteUseSql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = tokenId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = stale });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static DateTimeOffset? TimeOrNull(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
