using System.CommandLine;
using System.Globalization;
using Saltern.Contract;
using static Saltern.Cli.Client.Commands;

namespace Saltern.Cli.Client;

/// <summary>masters and dispatch.</summary>
internal static class MasterCommands
{
    private static readonly Argument<string> Name =
        new("master") { Description = "The master's name in the settings." };
    private static readonly Option<string?> Reason =
        new("--reason") { Description = "Why, for those who wonder later." };

    private static readonly Option<int?> StartEvent = new("--start-event")
    {
        Description = "Wait so many seconds (1 to 60) for the start of a minion: restart the service of one meanwhile.",
        HelpName = "seconds",
    };

    public static Command Masters(CliOutput output) => Group(
        "masters", "Salt masters",
        Of("list", "List the masters and how they are", output, ListAsync),
        Of(
            "check", "Look at a master from outside, send a ping through it, and say what is missing", output,
            CheckAsync, Name, StartEvent),
        Of("pause", "Hand nothing to a master", output, OrderAsync("pause"), Name, Reason),
        Of("resume", "Hand work to a master again", output, OrderAsync("resume"), Name));

    public static Command Dispatch(CliOutput output) => Group(
        "dispatch", "Handing out work as a whole",
        Of("status", "Whether work is handed out", output, StatusAsync),
        Of("pause", "Hand nothing to any master", output, PauseAllAsync, Reason),
        Of("resume", "Hand out work again", output, ResumeAllAsync));

    private static async Task<int> ListAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var masters = await api.GetAsync<IReadOnlyList<MasterSummary>>("/api/v1/masters", cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(masters);
            return ExitCodes.Ok;
        }

        output.Table(
            ["master", "domain", "address", "health", "failures", "left alone until", "paused", "reason"],
            masters.Select(one => (IReadOnlyList<string?>)
            [
                one.Name, one.Domain, one.Address ?? "(not in the settings)", one.Health,
                one.Failures == 0 ? "" : one.Failures.ToString(CultureInfo.InvariantCulture),
                Time(one.UnavailableUntil),
                one.PausedBy is null ? "" : $"by {one.PausedBy}", one.HealthReason,
            ]));
        return ExitCodes.Ok;
    }

    private static async Task<int> CheckAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var wait = parsed.GetValue(StartEvent);
        if (wait is not null)
        {
            output.Error.WriteLine("restart the service of one minion of this master now");
        }

        var check = await api.PostAsync<MasterCheck>(
            $"/api/v1/masters/{Escaped(parsed.GetValue(Name))}/check"
            + (wait is { } seconds ? $"?startEventSeconds={seconds}" : ""), null, cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(check);
        }
        else
        {
            output.Table(
                ["what", "state", "found"],
                check.Lines.Select(
                    line => (IReadOnlyList<string?>)[line.Subject, line.State, line.Says]));
        }

        return check.Good ? ExitCodes.Ok : ExitCodes.ActionFailed;
    }

    private static Run OrderAsync(string verb) => async (parsed, api, output, cancellationToken) =>
    {
        var name = parsed.GetValue(Name);
        object? body = verb == "pause" ? new PauseRequest { Reason = parsed.GetValue(Reason) } : null;
        await api.PostAsync($"/api/v1/masters/{Escaped(name)}/{verb}", body, cancellationToken);
        output.Error.WriteLine($"master {name}: {verb} done");
        return ExitCodes.Ok;
    };

    private static async Task<int> StatusAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var dispatch = await api.GetAsync<DispatchSummary>("/api/v1/dispatch", cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(dispatch);
            return ExitCodes.Ok;
        }

        output.Line(dispatch.Paused
            ? $"paused since {Time(dispatch.PausedAt)} by {dispatch.PausedBy}: {dispatch.Reason ?? "no reason given"}"
            : "work is handed out");
        if (dispatch.PausedMasters.Count > 0)
        {
            output.Line($"paused on their own: {string.Join(", ", dispatch.PausedMasters)}");
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> PauseAllAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        await api.PostAsync(
            "/api/v1/dispatch/pause", new PauseRequest { Reason = parsed.GetValue(Reason) }, cancellationToken);
        output.Error.WriteLine("dispatch is paused");
        return ExitCodes.Ok;
    }

    private static async Task<int> ResumeAllAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        await api.PostAsync("/api/v1/dispatch/resume", null, cancellationToken);
        output.Error.WriteLine("dispatch goes on");
        return ExitCodes.Ok;
    }
}
