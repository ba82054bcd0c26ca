using System.Globalization;

namespace Saltern.Chaos;

/// <summary>The table at the end of a run, and the evidence for what is wrong.</summary>
internal static class ChaosTable
{
    private const int MostEvidence = 20;

    public static string Of(ChaosResult result)
    {
        var rows = new List<(string What, string Figure)>
        {
            ("seed", Text(result.Options.Seed)),
            ("targets", $"{Text(result.Targets)} of {Text(result.Actions)} actions"),
        };
        rows.AddRange(result.Statuses.OrderByDescending(pair => pair.Value)
            .Select(pair => ($"  {pair.Key}", Text(pair.Value))));
        rows.Add(("orders taken, refused, without an answer",
            $"{Text(result.Orders.Taken)}, {Text(result.Orders.Refused)}, {Text(result.Orders.Unanswered)}"));
        rows.Add(("faults injected", Text(result.Faults.Values.Sum())));
        rows.AddRange(result.Faults.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => ($"  {pair.Key}", Text(pair.Value))));
        rows.Add(("guessed", Text(result.Verdict.Guessed)));
        rows.Add(("  though its minion ran it to its end", Text(result.Verdict.GuessedAndRan.Count)));
        rows.Add(("safe to repeat, and repeated by ourselves", Text(result.Verdict.Repeated.Count)));
        rows.Add(("safe to repeat, and sent again after a restart", Text(result.Verdict.ResentAfterRestart.Count)));
        rows.AddRange(Migrations(result.Verdict));
        rows.Add(("lost", Text(result.Verdict.Lost.Count)));
        rows.Add(("run twice", Text(result.Verdict.RunTwice.Count)));
        rows.Add(("wrong status", Text(result.Verdict.WrongStatus.Count)));
        rows.Add(("wrong channels", Text(result.Verdict.WrongChannels.Count)));
        rows.Add(("one in the middle of the other", Text(result.Verdict.Overlapped.Count)));
        rows.Add(("all final after the last fault", result.SettledAfter is { } time
            ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
            : "not in time"));
        var width = rows.Max(row => row.What.Length);
        var lines = rows.Select(row => $"{row.What.PadRight(width)}  {row.Figure}");
        return string.Join('\n', lines.Concat(Evidence(result)));
    }

    private static IEnumerable<string> Evidence(ChaosResult result) =>
        Some("lost", result.Verdict.Lost)
            .Concat(Some("run twice", result.Verdict.RunTwice))
            .Concat(Some("wrong status", result.Verdict.WrongStatus))
            .Concat(Some("wrong channels", result.Verdict.WrongChannels))
            .Concat(Some("one in the middle of the other", result.Verdict.Overlapped))
            .Concat(Some("new channels stayed, nobody could tell", result.Verdict.NobodyKnew))
            .Concat(Some("guessed though it ran", result.Verdict.GuessedAndRan))
            .Concat(Some("repeated", result.Verdict.Repeated))
            .Concat(Some("sent again after a restart", result.Verdict.ResentAfterRestart));

    private static IEnumerable<(string What, string Figure)> Migrations(Verdict verdict)
    {
        var counts = verdict.Migrations;
        yield return ("dry runs and real runs of zypper dup", $"{Text(counts.DryRuns)}, {Text(counts.RealRuns)}");
        yield return ("new channels kept, taken back", $"{Text(counts.Kept)}, {Text(counts.TakenBack)}");
        yield return ("new channels kept for a person to look at", Text(counts.Attention));
        yield return ("  though no package had changed: nobody could tell", Text(verdict.NobodyKnew.Count));
    }

    private static IEnumerable<string> Some(string what, List<string> sentences) =>
        sentences.Take(MostEvidence).Select(sentence => $"{what}: {sentence}");

    private static string Text(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
