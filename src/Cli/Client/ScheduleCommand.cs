using System.CommandLine;
using System.Globalization;
using Saltern.Contract;

namespace Saltern.Cli.Client;

internal static class ScheduleCommand
{
    private static readonly Argument<string> Kind =
        new("kind") { Description = "For example state.apply; see 'actions kinds'." };
    private static readonly Option<string?> Whole =
        new("--arguments") { Description = "All arguments as a JSON object, or @file." };
    private static readonly Option<string[]> Single = new("--arg")
    {
        Description = "An argument: name=value, name=@file or name:=json. May be given several times.",
    };

    private static readonly Option<string[]> Minions = new("--minions", "-m")
    {
        Description = "Minion ids, separated by commas.",
    };

    private static readonly Option<string?> Note = new("--description") { Description = "A note for the list." };
    private static readonly Option<DateTimeOffset?> At = new("--at")
    {
        Description = "Not before this time.", CustomParser = TimeArgument.Parse,
    };

    private static readonly Option<DateTimeOffset?> Expires = new("--expires")
    {
        Description = "Not after this time.", CustomParser = TimeArgument.Parse,
    };

    private static readonly Option<string?> Batch =
        new("--batch") { Description = "Most in flight: a number, or 10%." };
    private static readonly Option<int?> GiveUpAfter = new("--give-up-after")
    {
        Description = "Seconds that a minion which cannot be reached is waited for.",
    };
    private static readonly Option<int?> MaxAttempts = new("--max-attempts")
    {
        Description = "How often it is tried in all when an attempt is lost.",
    };
    private static readonly Option<int?> Deadline = new("--deadline") { Description = "Seconds a minion may take." };
    private static readonly Option<bool> Late =
        new("--resolve-at-start") { Description = "Find the minions at the start." };
    private static readonly Option<bool> Watch = new("--watch") { Description = "Watch it until it ends." };

    public static Command Create(CliOutput output, TimeProvider clock) => Commands.Of(
        "schedule", "Schedule an action", output,
        (parsed, api, shown, cancellationToken) => RunAsync(parsed, api, shown, clock, cancellationToken),
        [
            Kind, Whole, Single, Minions, .. NamedTarget.Ways, Note, At, Expires, Batch, Deadline, GiveUpAfter,
            MaxAttempts, Late, Watch,
        ]);

    /// <summary>The same for a migration, with what it needs most as options of its own.</summary>
    public static Command Migrate(CliOutput output, TimeProvider clock) => Commands.Of(
        "migrate", "Migrate minions to a service pack, or try what would happen", output,
        (parsed, api, shown, cancellationToken) => RunAsync(
            parsed, api, shown, clock, cancellationToken,
            Migration(OrderOf(parsed), parsed)),
        [
            .. MigrationArguments.Options, Single, Minions, .. NamedTarget.Ways, Note, At, Expires, Batch, Deadline,
            GiveUpAfter, Watch,
        ]);

    private static ActionRequest Migration(ActionRequest order, ParseResult parsed) => order with
    {
        Kind = "servicepack.migrate", Arguments = MigrationArguments.Of(parsed, order.Arguments),
    };

    private static async Task<int> RunAsync(
        ParseResult parsed, Api api, CliOutput output, TimeProvider clock, CancellationToken cancellationToken,
        ActionRequest? order = null)
    {
        var scheduled = await api.PostAsync<ActionScheduled>(
            "/api/v1/actions", order ?? OrderOf(parsed), cancellationToken);
        if (!parsed.GetValue(Watch))
        {
            Show(parsed, output, scheduled);
            return ExitCodes.Ok;
        }

        if (!Connection.WantsJson(parsed))
        {
            Show(parsed, output, scheduled);
        }

        return await new ActionWatch(api, output, clock, Connection.WantsJson(parsed))
            .RunAsync(scheduled.Id, cancellationToken);
    }

    private static void Show(ParseResult parsed, CliOutput output, ActionScheduled scheduled)
    {
        if (Connection.WantsJson(parsed))
        {
            output.Json(scheduled);
        }
        else
        {
            output.Line($"action {scheduled.Id} scheduled for {scheduled.Targets} minions");
        }
    }

    private static ActionRequest OrderOf(ParseResult parsed)
    {
        var (size, percent) = BatchOf(parsed.GetValue(Batch));
        return new ActionRequest
        {
            Kind = parsed.GetValue(Kind),
            Arguments = OrderArguments.Read(parsed.GetValue(Whole), parsed.GetValue(Single) ?? []),
            Target = NamedTarget.Of(parsed, parsed.GetValue(Minions)),
            Description = parsed.GetValue(Note),
            EarliestAt = parsed.GetValue(At),
            ExpiresAt = parsed.GetValue(Expires),
            BatchSize = size,
            BatchPercent = percent,
            DeadlineSeconds = parsed.GetValue(Deadline),
            GiveUpAfterSeconds = parsed.GetValue(GiveUpAfter),
            MaxAttempts = parsed.GetValue(MaxAttempts),
            ResolveAtStart = parsed.GetValue(Late) ? true : null,
        };
    }

    private static (int? Size, int? Percent) BatchOf(string? batch)
    {
        if (batch is null)
        {
            return (null, null);
        }

        var isPercent = batch.EndsWith('%');
        if (!int.TryParse(
            isPercent ? batch[..^1] : batch, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new CliFailure(ExitCodes.Usage, $"--batch {batch}: give a number, or a percentage such as 10%.");
        }

        return isPercent ? (null, number) : (number, null);
    }
}
