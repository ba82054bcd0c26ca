namespace Saltern.Server.Tests.Database;

/// <summary>One return as the stock returner writes it; each column can be made odd.</summary>
internal sealed record PgReturn(string Jid, string Minion)
{
    public string Fun { get; init; } = "test.ping";

    /// <summary>JSON; both columns carry it.</summary>
    public string Return { get; init; } = "true";

    /// <summary>SQL: a bool of Python's is written as false or true.</summary>
    public string Success { get; init; } = "true";

    /// <summary>SQL: the returner writes to_timestamp of the master's clock.</summary>
    public string AlterTime { get; init; } = $"to_timestamp({PgJsonb.Now()})";

    public string InsertSql => $"""
        insert into salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        values ({PgJsonb.Literal(Fun)}, {PgJsonb.Literal(Jid)}, {PgJsonb.Literal(Return)}, {PgJsonb.Literal(Minion)},
                {Success}, {PgJsonb.Literal($$"""{"return": {{Return}}, "retcode": 0}""")}, {AlterTime})
        """;
}
