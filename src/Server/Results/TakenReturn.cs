using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;

namespace Saltern.Server.Results;

/// <summary>
/// A row of the inbox, and the submission and minion it was matched to by (jid, minion id). A stranger has none.
/// </summary>
internal readonly record struct TakenReturn
{
    public required long InboxId { get; init; }

    public required DateTimeOffset? ReturnedAt { get; init; }

    public required bool Success { get; init; }

    public required SubmissionId Submission { get; init; }

    public required ActionId Action { get; init; }

    public required MinionKey Minion { get; init; }

    /// <summary>Whether it belongs to a submission and a minion of ours.</summary>
    public required bool IsMatched { get; init; }

    public required bool IsAsk { get; init; }

    /// <summary>Whether it can be settled only by what its body says.</summary>
    public required bool ReadsBody { get; init; }

    /// <summary>The kind it is for, where only nodes of a newer version know that.</summary>
    public required string? UnknownKind { get; init; }

    /// <summary>Reads the columns of <see cref="Settler.TakeSql"/>.</summary>
    public static TakenReturn Read(NpgsqlDataReader row)
    {
        var matched = !row.IsDBNull(5);
        return new TakenReturn
        {
            InboxId = row.GetInt64(0),
            ReturnedAt = row.IsDBNull(1) ? null : row.GetFieldValue<DateTimeOffset>(1),
            Success = row.GetBoolean(2),
            IsMatched = matched,
            Submission = matched ? new SubmissionId(row.GetInt64(3)) : default,
            Action = matched ? new ActionId(row.GetInt64(4)) : default,
            Minion = matched ? new MinionKey(row.GetInt64(5)) : default,
            IsAsk = matched && row.GetBoolean(6),
            ReadsBody = matched && row.GetBoolean(7),
            UnknownKind = matched && !row.IsDBNull(8) ? row.GetString(8) : null,
        };
    }
}
