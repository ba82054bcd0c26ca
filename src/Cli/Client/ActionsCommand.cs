using System.CommandLine;
using Saltern.Contract;
using static Saltern.Cli.Client.Commands;

namespace Saltern.Cli.Client;

internal static class ActionsCommand
{
    private static readonly Argument<long> Id = new("id") { Description = "The action." };
    private static readonly Argument<string> Minion = new("minion") { Description = "The minion's id." };
    private static readonly Option<string[]> Status = new("--status") { Description = "Only this status." };
    private static readonly Option<string?> KindFilter = new("--kind") { Description = "Only this kind." };
    private static readonly Option<string?> CreatedBy = new("--created-by") { Description = "Only what they ordered." };
    private static readonly Option<string?> Archived = new("--archived") { Description = "false, true or all." };
    private static readonly Option<bool> Targets = new("--targets") { Description = "Also list the targets." };
    private static readonly Option<string?> Domain = new("--domain") { Description = "The minion's key domain." };
    private static readonly Option<string[]> Minions =
        new("--minions", "-m") { Description = "Only these, by commas." };
    private static readonly Option<bool> All = new("--all") { Description = "Completed targets too." };
    private static readonly Option<DateTimeOffset?> At = new("--at")
    {
        Description = "Not before this time.", CustomParser = TimeArgument.Parse,
    };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most entries to show.", DefaultValueFactory = _ => 100,
    };

    public static Command Create(CliOutput output, TimeProvider clock) => Group(
        "actions", "Schedule actions, watch them, look at them",
        ScheduleCommand.Create(output, clock),
        Of("list", "List actions, newest first", output, ListAsync, Status, KindFilter, CreatedBy, Archived, Limit),
        Of("show", "Show an action, and its targets", output, ShowAsync, Id, Targets, Status, Limit),
        Of("target", "Show one target with its attempts and results", output, TargetAsync, Id, Minion, Domain),
        Of("result", "Write the whole of what a minion sent", output, ResultAsync, Id, Minion, Domain),
        Of("watch", "Watch an action until it ends", output, (parsed, api, shown, cancellationToken) =>
            new ActionWatch(api, shown, clock, Connection.WantsJson(parsed))
                .RunAsync(parsed.GetValue(Id), cancellationToken), Id),
        Of("cancel", "Cancel what is still queued; exit code 1 when a minion named was past cancelling", output,
            CancelAsync, Id, Minions),
        Of("stop", "Stop what runs; what is queued is cancelled, not stopped", output, StopAsync, Id, Minions),
        Of("reschedule", "Run failed (or all) targets once more", output, RescheduleAsync, Id, All, At),
        Of("archive", "Take a finished action out of the list", output, OrderAsync("archive"), Id),
        Of("unarchive", "Put an action back into the list", output, OrderAsync("unarchive"), Id),
        Of("delete", "Delete a finished action with its results", output, DeleteAsync, Id),
        Of("kinds", "List the kinds of action", output, KindsAsync));

    private static async Task<int> ListAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var query = new List<string>();
        query.AddRange((parsed.GetValue(Status) ?? []).Select(status => $"status={Escaped(status)}"));
        AddTo(query, "kind", parsed.GetValue(KindFilter));
        AddTo(query, "createdBy", parsed.GetValue(CreatedBy));
        AddTo(query, "archived", parsed.GetValue(Archived));
        var actions = await api.ListAsync<ActionSummary>(
            $"/api/v1/actions?{string.Join('&', query)}", parsed.GetValue(Limit), cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(actions);
            return ExitCodes.Ok;
        }

        output.Table(
            ["id", "kind", "status", "targets", "done", "failed", "by", "earliest", "description"],
            actions.Select(one => (IReadOnlyList<string?>)
            [
                $"{one.Id}", one.Kind, one.Status, $"{one.Counts.Total}", $"{one.Counts.Completed}",
                $"{one.Counts.Failed}", one.CreatedBy, Time(one.EarliestAt), one.Description,
            ]));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var id = parsed.GetValue(Id);
        var action = await api.GetAsync<ActionDetail>($"/api/v1/actions/{id}", cancellationToken);
        var targets = parsed.GetValue(Targets) || parsed.GetValue(Status) is { Length: > 0 }
            ? await TargetsAsync(parsed, api, id, cancellationToken)
            : null;
        if (Connection.WantsJson(parsed))
        {
            if (targets is null)
            {
                output.Json(action);
            }
            else
            {
                output.Json(new { action, targets });
            }

            return ExitCodes.Ok;
        }

        ShowFields(output, action);
        if (targets is not null)
        {
            output.Line("");
            output.Table(
                ["minion", "status", "attempt", "picked up", "settled", "reason"],
                targets.Select(one => (IReadOnlyList<string?>)
                [
                    one.Minion, one.Guessed ? $"{one.Status} (guess)" : one.Status, $"{one.Attempt}",
                    Time(one.PickedUpAt), Time(one.SettledAt), one.Reason,
                ]));
        }

        return ExitCodes.Ok;
    }

    private static async Task<List<TargetSummary>> TargetsAsync(
        ParseResult parsed, Api api, long id, CancellationToken cancellationToken)
    {
        string?[] statuses = parsed.GetValue(Status) is { Length: > 0 } some ? [.. some] : [null];
        var targets = new List<TargetSummary>();
        foreach (var status in statuses)
        {
            var query = status is null ? "" : $"?status={Escaped(status)}";
            targets.AddRange(await api.ListAsync<TargetSummary>(
                $"/api/v1/actions/{id}/targets{query}", parsed.GetValue(Limit), cancellationToken));
        }

        return targets;
    }

    private static void ShowFields(CliOutput output, ActionDetail action)
    {
        var (summary, counts) = (action.Summary, action.Summary.Counts);
        output.Table(
            ["action", $"{summary.Id}"],
            new (string Name, string? Value)[]
            {
                ("kind", summary.Kind), ("status", summary.Status), ("description", summary.Description),
                ("ordered by", $"{summary.CreatedBy}, {Time(summary.CreatedAt)}"),
                ("earliest", Time(summary.EarliestAt)), ("expires", Time(action.ExpiresAt)),
                ("started", Time(summary.StartedAt)), ("ended", Time(summary.EndedAt)),
                ("arguments", action.Arguments.GetRawText()),
                ("targets", $"{counts.Total}"), ("queued", $"{counts.Queued}"), ("picked up", $"{counts.PickedUp}"),
                ("waiting for contact", counts.Waiting > 0 ? $"{counts.Waiting}" : null),
                ("completed", $"{counts.Completed}"), ("failed", $"{counts.Failed}"),
                ("cancelled", $"{counts.Cancelled}"), ("skipped", $"{counts.Skipped}"),
            }.Where(field => !string.IsNullOrEmpty(field.Value))
                .Select(field => (IReadOnlyList<string?>)[field.Name, field.Value]));
    }

    private static async Task<int> TargetAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var target = await api.GetAsync<TargetDetail>(
            $"{TargetPath(parsed)}{DomainQuery(parsed)}", cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(target);
            return ExitCodes.Ok;
        }

        output.Line($"{target.Summary.Minion}: {target.Summary.Status}{Because(target.Summary.Reason)}");
        output.Table(
            ["attempt", "status", "jid", "master", "picked up", "ended", "reason"],
            target.Attempts.Select(one => (IReadOnlyList<string?>)
            [
                $"{one.Number}", one.Status, one.Jid, one.Master, Time(one.PickedUpAt), Time(one.EndedAt), one.Reason,
            ]));
        if (target.Attempts is [{ Result: { } result }, ..])
        {
            output.Line(
                result.Text + (result.Cut ? $" … ({result.Size} characters in all; 'actions result' has them)" : ""));
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> ResultAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        using var answer = await api.OpenAsync($"{TargetPath(parsed)}/result{DomainQuery(parsed)}", cancellationToken);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        var buffer = new char[16 * 1024];
        while (await ReadAsync(reader, buffer, cancellationToken) is > 0 and var read)
        {
            await output.Out.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        await output.Out.WriteLineAsync();
        return ExitCodes.Ok;
    }

    private static async Task<int> ReadAsync(StreamReader reader, char[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new CliFailure(
                ExitCodes.NotReachable, $"The server broke off; what was written is not the whole: {error.Message}");
        }
    }

    private static async Task<int> CancelAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var answer = await api.PostAsync<CancelAnswer>(
            $"/api/v1/actions/{parsed.GetValue(Id)}/cancel",
            new CancelRequest { Minions = NamedTarget.MinionNames(parsed.GetValue(Minions)) }, cancellationToken);
        var code = parsed.GetValue(Minions) is { Length: > 0 } && answer.NotQueuedCount > 0
            ? ExitCodes.ActionFailed
            : ExitCodes.Ok;
        if (Connection.WantsJson(parsed))
        {
            output.Json(answer);
            return code;
        }

        output.Line($"{answer.Cancelled} targets cancelled");
        if (answer.NotQueuedCount > 0)
        {
            var more = answer.NotQueuedCount > answer.NotQueued.Count ? ", …" : "";
            output.Line(
                $"{answer.NotQueuedCount} no longer queued, so not cancelled: "
                + $"{string.Join(", ", answer.NotQueued)}{more}");
        }

        return code;
    }

    private static async Task<int> StopAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var answer = await api.PostAsync<StopAnswer>(
            $"/api/v1/actions/{parsed.GetValue(Id)}/stop",
            new StopRequest { Minions = NamedTarget.MinionNames(parsed.GetValue(Minions)) }, cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(answer);
        }
        else
        {
            output.Line($"{answer.Stopping} minions are told to stop");
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> RescheduleAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var answer = await api.PostAsync<RescheduleAnswer>(
            $"/api/v1/actions/{parsed.GetValue(Id)}/reschedule",
            new RescheduleRequest { Scope = parsed.GetValue(All) ? "all" : "failed", EarliestAt = parsed.GetValue(At) },
            cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(answer);
        }
        else
        {
            output.Line($"{answer.Queued} targets queued again");
        }

        return ExitCodes.Ok;
    }

    private static Run OrderAsync(string verb) => async (parsed, api, output, cancellationToken) =>
    {
        await api.PostAsync($"/api/v1/actions/{parsed.GetValue(Id)}/{verb}", null, cancellationToken);
        output.Error.WriteLine($"action {parsed.GetValue(Id)}: {verb} done");
        return ExitCodes.Ok;
    };

    private static async Task<int> DeleteAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        await api.DeleteAsync($"/api/v1/actions/{parsed.GetValue(Id)}", cancellationToken);
        output.Error.WriteLine($"action {parsed.GetValue(Id)} deleted");
        return ExitCodes.Ok;
    }

    private static async Task<int> KindsAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var kinds = await api.GetAsync<IReadOnlyList<KindSummary>>("/api/v1/kinds", cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(kinds);
            return ExitCodes.Ok;
        }

        output.Table(
            ["kind", "exclusive", "permission"],
            kinds.Select(one => (IReadOnlyList<string?>)[one.Name, one.Exclusive ? "yes" : "no", one.Permission]));
        return ExitCodes.Ok;
    }

    private static string TargetPath(ParseResult parsed) =>
        $"/api/v1/actions/{parsed.GetValue(Id)}/targets/{Escaped(parsed.GetValue(Minion))}";

    private static string DomainQuery(ParseResult parsed) =>
        parsed.GetValue(Domain) is { } domain ? $"?domain={Escaped(domain)}" : "";

    private static string Because(string? reason) => reason is null ? "" : $" ({reason})";

    private static void AddTo(List<string> query, string name, string? value)
    {
        if (value is not null)
        {
            query.Add($"{name}={Escaped(value)}");
        }
    }
}
