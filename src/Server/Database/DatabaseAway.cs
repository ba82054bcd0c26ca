using Npgsql;

namespace Saltern.Server.Database;

/// <summary>Tells a database that cannot be worked with from a statement of ours that is wrong.</summary>
internal static class DatabaseAway
{
    /// <summary>Connection broken, not let in, no such database, out of resources, operator intervened.</summary>
    private static readonly string[] AwayClasses = ["08", "28", "3D", "53", "57"];

    /// <summary>No connection, or one that broke; an error in a statement of ours is a bug.</summary>
    public static bool Is(NpgsqlException exception) =>
        exception is not PostgresException postgres || exception.IsTransient
        || AwayClasses.Contains(postgres.SqlState[..2]);

    /// <summary>A text that no database takes: a NUL character, half of a surrogate pair.</summary>
    public static bool RefusesText(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.CharacterNotInRepertoire
            or PostgresErrorCodes.UntranslatableCharacter;
}
