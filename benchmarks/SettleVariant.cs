namespace Saltern.Bench;

/// <summary>Settling with one part of its work taken away, or added.</summary>
internal sealed record SettleVariant(string Name)
{
    public static SettleVariant Whole { get; } = new("settle");

    public static IReadOnlyList<SettleVariant> All { get; } =
    [
        Whole,
        new("without the index that lists by status need")
        {
            Before = "drop index action_target_by_status",
            After = """
                create index action_target_by_status on action_target (action_id, status, minion_key)
                where status <> 'Completed'
                """,
        },
        new("without signs of life (a loop of its own writes them)") { WritesSignsOfLife = false },
        new("of a kind whose bodies are read (script.run)")
        {
            Kind = "script.run", Arguments = """{"script":"#!/bin/sh\necho hello\n"}""",
            Result = """{"pid":1,"retcode":0,"stdout":"hello","stderr":""}""",
        },
    ];

    public bool WritesSignsOfLife { get; init; } = true;

    public string Kind { get; init; } = "state.apply";

    public string Arguments { get; init; } = "{}";

    public string Result { get; init; } = "{}";

    /// <summary>SQL that takes the part away, statement by statement; not measured.</summary>
    public string Before { get; init; } = "";

    public string After { get; init; } = "";
}
