using System.CommandLine;
using System.Globalization;
using Saltern.Contract;

namespace Saltern.Cli.Client;

/// <summary>servicepack report, changes and decide.</summary>
internal static class MigrationReports
{
    public static readonly Argument<long> Action = new("action") { Description = "The id of the migration." };

    public static readonly Option<long?> OfAction = new("--action") { Description = "Only of this migration." };

    public static readonly Option<bool> Attention = new("--attention")
    {
        Description = "Only those that a person has to look at.",
    };

    public static readonly Option<int> Most = new("--limit")
    {
        Description = "Most changes to show.", DefaultValueFactory = _ => 100,
    };

    public static readonly Argument<long> Change = new("change") { Description = "The id of the change." };

    public static readonly Option<bool> Keep = new("--keep")
    {
        Description = "The new channels stay; or: what needed attention was looked at.",
    };

    public static readonly Option<bool> TakeBack = new("--take-back") { Description = "Those of before come back." };

    public static async Task<int> DecideAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(Keep) == parsed.GetValue(TakeBack))
        {
            throw new CliFailure(ExitCodes.Usage, "Say --keep or --take-back.");
        }

        await api.PostAsync(
            string.Create(
                CultureInfo.InvariantCulture, $"/api/v1/servicepack/changes/{parsed.GetValue(Change)}/decision"),
            new ChangeDecisionRequest { Channels = parsed.GetValue(Keep) ? "keep" : "takeBack" }, cancellationToken);
        output.Error.WriteLine(parsed.GetValue(Keep) ? "The new channels stay." : "The channels of before come back.");
        return ExitCodes.Ok;
    }

    public static async Task<int> ReportAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var report = await api.GetAsync<MigrationSummary>(
            string.Create(CultureInfo.InvariantCulture, $"/api/v1/servicepack/reports/{parsed.GetValue(Action)}"),
            cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(report);
            return ExitCodes.Ok;
        }

        Show(output, report);
        return ExitCodes.Ok;
    }

    /// <summary>For a person to read.</summary>
    public static void Show(CliOutput output, MigrationSummary report)
    {
        var (succeeded, failed) = report.DryRun ? ("would succeed", "would fail") : ("succeeded", "failed");
        output.Line($"{report.Succeeded} of {report.Targets} {succeeded} ({report.NothingToDo} with nothing to do), "
            + $"{report.Failed} {failed}, {report.WithoutResult} without a result"
            + (report.NotYetRead > 0 ? $", {report.NotYetRead} not read yet" : ""));
        if (report.RebootsNeeded > 0)
        {
            output.Line($"{report.RebootsNeeded} {(report.DryRun ? "would " : "")}need a restart");
        }

        if (report.Attention > 0)
        {
            output.Line($"{report.Attention} need attention: saltern servicepack changes --attention --action "
                + Number(report.Action));
        }

        if (report.Verified + report.Differing + report.NotYetVerified > 0)
        {
            output.Line($"looked at afterwards: {report.Verified} as ordered, {report.Differing} otherwise, "
                + $"{report.NotYetVerified} not yet");
        }

        Show(output, "failed", report.Failures);
        Show(output, "without a result", report.Others);
        Show(output, "removed", report.Removals);
        Show(output, "other than in the dry run", report.Differences);
        Show(output, "found afterwards", report.FoundAfter);
    }

    public static async Task<int> ChangesAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var action = parsed.GetValue(OfAction) is { } id ? $"&action={id}" : "";
        var changes = await api.GetAsync<Page<ChannelChangeSummary>>(
            string.Create(
                CultureInfo.InvariantCulture,
                $"/api/v1/servicepack/changes?limit={parsed.GetValue(Most)}{action}")
            + (parsed.GetValue(Attention) ? "&attention=true" : ""),
            cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(changes);
            return ExitCodes.Ok;
        }

        output.Table(
            ["change", "action", "minion", "run", "state", "found", ""],
            changes.Items.Select(change => (IReadOnlyList<string?>)
                [
                    Number(change.Id), Number(change.Action), change.Minion, change.RunId, change.State,
                    change.Verification, change.Attention ?? change.Reason,
                ]));
        if (changes.Next is not null)
        {
            output.Error.WriteLine("There are more; --limit shows more of them, up to 1000.");
        }

        return ExitCodes.Ok;
    }

    private static void Show(CliOutput output, string title, IReadOnlyList<MigrationGroup> groups)
    {
        if (groups.Count == 0)
        {
            return;
        }

        output.Line("");
        output.Table(
            [title, "minions", "for example", ""],
            groups.Select(group => (IReadOnlyList<string?>)
                [group.Word, Number(group.Minions), string.Join(", ", group.Names), group.Text]));
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
