using System.CommandLine;
using System.Globalization;
using Saltern.Contract;
using static Saltern.Cli.Client.Commands;

namespace Saltern.Cli.Client;

/// <summary>servicepack.</summary>
internal static class ServicePackCommands
{
    private const int LargestPage = 1_000;

    private static readonly Option<bool> Remove = new("--remove-extensions")
    {
        Description = "Extensions without a successor may be removed.",
    };

    private static readonly Option<bool> Channels = new("--channels") { Description = "Also list the channels." };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most groups to show.", DefaultValueFactory = _ => 100,
    };

    public static Command Create(CliOutput output, TimeProvider clock) => Commands.Group(
        "servicepack", "Service Pack migration",
        Of(
            "targets", "Where minions can go, and why not", output, TargetsAsync,
            [.. NamedTarget.Symbols, Remove, Channels, Limit]),
        ScheduleCommand.Migrate(output, clock),
        Of("report", "What a migration has come to", output, MigrationReports.ReportAsync, MigrationReports.Action),
        Of(
            "changes", "Changes of channels by migrations, the latest first", output, MigrationReports.ChangesAsync,
            MigrationReports.OfAction, MigrationReports.Attention, MigrationReports.Most),
        Of(
            "decide", "Decide about channels where the minion does not say how its run ended", output,
            MigrationReports.DecideAsync, MigrationReports.Change, MigrationReports.Keep, MigrationReports.TakeBack),
        TestCaseCommand.Create(output, clock));

    private static async Task<int> TargetsAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(api, new ServicePackQuestion
        {
            Target = NamedTarget.Of(parsed),
            RemoveExtensions = parsed.GetValue(Remove),
            Limit = parsed.GetValue(Limit),
        }, cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(answer);
            return ExitCodes.Ok;
        }

        output.Line($"{answer.Minions} minions");
        output.Table(
            ["target", "id", "possible", "blocked"],
            answer.Bases.Select(one => (IReadOnlyList<string?>)
                [one.Title, one.Product, Number(one.Possible), Number(one.Blocked)]));
        foreach (var reason in answer.WithoutTarget)
        {
            output.Line($"{reason.Minions} without a target: {reason.Text}");
        }

        foreach (var group in answer.Groups)
        {
            ShowGroup(output, group, parsed.GetValue(Channels));
        }

        if (answer.Next is not null)
        {
            output.ErrorLine($"There are more groups than these {answer.Groups.Count}; --limit shows more.");
        }

        return ExitCodes.Ok;
    }

    /// <summary>As many groups as are asked for, from as many pages as that takes.</summary>
    private static async Task<ServicePackAnswer> AskAsync(
        Api api, ServicePackQuestion question, CancellationToken cancellationToken)
    {
        var (groups, most) = (new List<ServicePackGroup>(), question.Limit!.Value);
        while (true)
        {
            var answer = await api.PostAsync<ServicePackAnswer>(
                "/api/v1/servicepack/targets", question with { Limit = Math.Min(LargestPage, most - groups.Count) },
                cancellationToken);
            groups.AddRange(answer.Groups);
            if (answer.Next is null || groups.Count >= most)
            {
                return answer with { Groups = groups };
            }

            question = question with { After = answer.Next };
        }
    }

    private static void ShowGroup(CliOutput output, ServicePackGroup group, bool withChannels)
    {
        var more = group.Minions > 5 ? $" and {group.Minions - 5} more" : "";
        output.Line("");
        output.Line($"{string.Join(", ", group.Names.Take(5))}{more}: {group.Base ?? "no known base product"}"
            + string.Concat(group.Extensions.Select(one => $" + {one}")));
        Show(output, "  ", group.WhyNot);
        foreach (var title in group.ChoicesLeftOut)
        {
            output.Line($"  {title}: there are more choices of extensions than the newest, which are shown");
        }

        foreach (var target in group.Targets)
        {
            output.Line($"  {(target.Possible ? "possible" : "blocked ")}  {target.Title}"
                + string.Concat(target.Extensions.Select(one => $" + {one.To}")));
            Show(output, "            ", target.WhyNot);
            foreach (var channel in target.Channels.Where(_ => withChannels))
            {
                var need = channel.Mandatory ? "mandatory" : channel.Recommended ? "recommended" : "optional";
                output.Line($"            {need,-11} {channel.Label}{(channel.Problem is { } why ? $": {why}" : "")}");
            }
        }
    }

    private static void Show(CliOutput output, string indent, IReadOnlyList<ServicePackReason> reasons)
    {
        foreach (var reason in reasons)
        {
            output.Line($"{indent}{reason.Text}");
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
