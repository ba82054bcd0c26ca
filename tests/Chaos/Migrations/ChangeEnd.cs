using System.Text.Json;
using Npgsql;

namespace Saltern.Chaos.Migrations;

/// <summary>How a change of channels stands when all is over, as the server's tables say.</summary>
internal sealed record ChangeEnd
{
    public const string ChangesSql = """
        select c.id, c.action_id, d.name, m.minion_id, c.dry_run, c.before::text, c.after::text, c.state, c.attention,
               c.ordered, c.unproven, c.reason,
               (select o.detail ->> 'change' from saltern.order_log o
                where o.action_id = c.action_id and o.actor <> 'saltern' and o.detail ->> 'change' = c.id::text limit 1)
        from saltern.channel_change c
        join saltern.minion m on m.minion_key = c.minion_key
        join saltern.key_domain d on d.id = m.key_domain_id
        order by c.id
        """;

    public required long Id { get; init; }

    public required long Action { get; init; }

    public required string Master { get; init; }

    public required string Minion { get; init; }

    public required bool DryRun { get; init; }

    /// <summary>Labels of the channels, in order; null: none were assigned.</summary>
    public required string? Before { get; init; }

    public required string After { get; init; }

    public required string State { get; init; }

    /// <summary>What a person is told to look at.</summary>
    public required string? Attention { get; init; }

    /// <summary>Of an earlier run within it nobody knew whether it had changed a package.</summary>
    public required bool Unproven { get; init; }

    public required string? Reason { get; init; }

    /// <summary>A person has had a say in it.</summary>
    public required bool ByPerson { get; init; }

    public static ChangeEnd Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Action = row.GetInt64(1),
        Master = row.GetString(2),
        Minion = row.GetString(3),
        DryRun = row.GetBoolean(4),
        Before = row.IsDBNull(5) ? null : Labels(row.GetString(5)),
        After = Labels(row.GetString(6)),
        State = row.GetString(7),
        Attention = row.IsDBNull(8) ? null : row.GetString(8),
        Unproven = row.GetBoolean(10),
        Reason = row.IsDBNull(11) ? null : row.GetString(11),
        ByPerson = !row.IsDBNull(9) || !row.IsDBNull(12),
    };

    public static string Sorted(IEnumerable<string> labels) =>
        string.Join(' ', labels.Order(StringComparer.Ordinal));

    public override string ToString() =>
        $"change {Id} of action {Action} on {Master}/{Minion} ({(DryRun ? "dry" : "real")}): {State}, "
        + $"{Before ?? "nothing"} → {After}, {Attention ?? Reason ?? "no reason"}";

    private static string Labels(string json)
    {
        var assigned = JsonElement.Parse(json);
        return Sorted(assigned.GetProperty("ChildLabels").EnumerateArray().Select(label => label.GetString()!)
            .Append(assigned.GetProperty("BaseLabel").GetString()!));
    }
}
