using Npgsql;
using NpgsqlTypes;
using Saltern.Server.Actions;

namespace Saltern.Server.Results;

/// <summary>
/// Returns as the arrays that the settling statements take, in order of (action, minion): all who change targets lock
/// them in that order.
/// </summary>
internal static class ReturnArrays
{
    /// <summary>
    /// The parameters $2 to $8 as a table. A planner that saw how many there are would read whole tables rather than
    /// look them up; behind a sub-select it does not see it.
    /// </summary>
    public const string Table = """
        select * from unnest(
                (select $2::bigint[]), (select $3::bigint[]), (select $4::bigint[]), (select $5::bigint[]),
                (select $6::timestamptz[]), (select $7::text[]), (select $8::text[]))
            as r(inbox_id, action_id, minion_key, submission_id, returned_at, status, reason)
        """;

    /// <summary>The values for $1 (now) to $8.</summary>
    public static object?[] Of(IEnumerable<TakenReturn> returns, ReadReturns read, DateTimeOffset now)
    {
        var sorted = returns.OrderBy(one => one.Action.Value).ThenBy(one => one.Minion.Value).ToArray();
        var outcomes = Array.ConvertAll(sorted, read.OutcomeOf);
        return
        [
            now,
            Array.ConvertAll(sorted, one => one.InboxId),
            Array.ConvertAll(sorted, one => one.Action.Value),
            Array.ConvertAll(sorted, one => one.Minion.Value),
            Array.ConvertAll(sorted, one => one.Submission.Value),
            new NpgsqlParameter
            {
                Value = Array.ConvertAll(sorted, one => one.ReturnedAt),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
            },
            Array.ConvertAll(outcomes, outcome => outcome.Status.ToString()),
            Array.ConvertAll(outcomes, outcome => outcome.Reason),
        ];
    }
}
