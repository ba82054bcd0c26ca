using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Saltern.Contract;

namespace Saltern.Cli.Client;

/// <summary>servicepack testcase: an action fetches the solver test case of a run, and it is put into a file.</summary>
internal static class TestCaseCommand
{
    private static readonly Argument<long> Change = new("change") { Description = "The change whose run it was." };
    private static readonly Option<string> Out = new("--out")
    {
        Description = "The file to write, a tar.gz; one that is there is not replaced.", Required = true,
    };

    private static readonly Option<int> Wait = new("--wait")
    {
        Description = "How many seconds to wait for the minion.", DefaultValueFactory = _ => 600,
    };

    public static Command Create(CliOutput output, TimeProvider clock) => Commands.Of(
        "testcase", "Fetch the solver test case of a run from its minion", output,
        (parsed, api, shown, cancellationToken) => RunAsync(parsed, api, shown, clock, cancellationToken), Change, Out,
        Wait);

    private static async Task<int> RunAsync(
        ParseResult parsed, Api api, CliOutput output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(Out)!;
        if (File.Exists(file))
        {
            throw new CliFailure(ExitCodes.Usage, $"{file} is there already.");
        }

        var change = await api.GetAsync<ChannelChangeSummary>(
            string.Create(CultureInfo.InvariantCulture, $"/api/v1/servicepack/changes/{parsed.GetValue(Change)}"),
            cancellationToken);
        var scheduled = await api.PostAsync<ActionScheduled>(
            "/api/v1/actions",
            new ActionRequest
            {
                Kind = "servicepack.testcase",
                Arguments = JsonSerializer.SerializeToElement(new { runId = change.RunId }),
                Target = new TargetRequest { Minions = [change.Minion], KeyDomain = change.Domain },
                Description = $"solver test case of action {change.Action}",
            },
            cancellationToken);
        output.Error.WriteLine($"action {scheduled.Id} fetches it from {change.Minion}");
        var ended = await WatchAsync(
            api, output, scheduled.Id, change, TimeSpan.FromSeconds(Math.Max(0, parsed.GetValue(Wait))), clock,
            cancellationToken);
        if (ended != ExitCodes.Ok)
        {
            var target = await api.GetAsync<TargetDetail>(PathOf(scheduled.Id, change, ""), cancellationToken);
            throw new CliFailure(ended, $"{change.Minion}: {target.Summary.Reason}");
        }

        var size = await WriteAsync(api, scheduled.Id, change, file, cancellationToken);
        output.Line($"{file}: {size} bytes");
        return ExitCodes.Ok;
    }

    /// <summary>
    /// Nothing is handed to a minion that is held, perhaps for days: it is said why it waits, and not waited for ever.
    /// </summary>
    private static async Task<int> WatchAsync(
        Api api, CliOutput output, long action, ChannelChangeSummary change, TimeSpan patience, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        Task<TargetDetail> LookAsync() => api.GetAsync<TargetDetail>(PathOf(action, change, ""), cancellationToken);
        if ((await LookAsync()).Summary is { Status: "Queued", Reason: { } reason })
        {
            output.Error.WriteLine($"{change.Minion}: {reason}");
        }

        using var timer = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await new ActionWatch(api, output, clock, json: false).RunAsync(action, either.Token);
        }
        catch (Exception over) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested
            && over is OperationCanceledException or CliFailure)
        {
            var summary = (await LookAsync()).Summary;
            throw new CliFailure(
                ExitCodes.ActionFailed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{change.Minion} has not sent it within {patience.TotalSeconds:0} s ({summary.Status}")
                + $"{(summary.Reason is { } why ? $": {why}" : "")}). Action {action} goes on, and its result is the "
                + $"test case; 'saltern actions cancel {action}' ends it.");
        }
    }

    private static async Task<int> WriteAsync(
        Api api, long action, ChannelChangeSummary change, string file, CancellationToken cancellationToken)
    {
        using var answer = await api.OpenAsync(PathOf(action, change, "/result"), cancellationToken);
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var result = await JsonDocument.ParseAsync(body, default, cancellationToken);
        if (!result.RootElement.TryGetProperty("content", out var content)
            || !content.TryGetBytesFromBase64(out var bytes))
        {
            throw new CliFailure(
                ExitCodes.ActionFailed,
                $"What {change.Minion} sent is no whole test case; it still lies on the minion.");
        }

        try
        {
            await using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            await stream.WriteAsync(bytes, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(
                ExitCodes.Usage,
                $"The file cannot be written: {error.Message} The test case is the result of action {action}.");
        }

        return bytes.Length;
    }

    private static string PathOf(long action, ChannelChangeSummary change, string more) => string.Create(
        CultureInfo.InvariantCulture, $"/api/v1/actions/{action}/targets/{Commands.Escaped(change.Minion)}{more}")
        + $"?domain={Commands.Escaped(change.Domain)}";
}
