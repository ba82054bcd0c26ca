using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Saltern.Contract;
using Spectre.Console;

namespace Saltern.Cli.Client;

/// <summary>
/// Follows an action to its end. It listens to the server's events; while that is not possible (a restart, a proxy that
/// cuts streams) it asks every few seconds instead, and goes on listening as soon as it can.
/// </summary>
internal sealed class ActionWatch(Api api, CliOutput output, TimeProvider clock, bool json)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StreamIsDead = TimeSpan.FromSeconds(45);

    private string? lastLine;
    private bool saidAway;

    public async Task<int> RunAsync(long id, CancellationToken cancellationToken)
    {
        ActionSummary? last = null;
        if (output.IsTerminal && !json)
        {
            await output.Console.Progress().AutoClear(false)
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn())
                .StartAsync(async progress =>
                {
                    var bar = progress.AddTask($"action {id}");
                    await foreach (var summary in StatesAsync(id, cancellationToken))
                    {
                        last = summary;
                        bar.MaxValue = Math.Max(1, summary.Counts.Total);
                        bar.Value = summary.Counts.Final;
                        bar.Description = Markup.Escape(Describe(summary));
                    }
                });
        }
        else
        {
            await foreach (var summary in StatesAsync(id, cancellationToken))
            {
                last = summary;
                ShowLine(summary);
            }
        }

        return Finish(last!);
    }

    /// <summary>How the action stands, again and again; the last one is its end.</summary>
    private async IAsyncEnumerable<ActionSummary> StatesAsync(
        long id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var now = (await api.GetAsync<ActionDetail>($"/api/v1/actions/{id}", cancellationToken)).Summary;
        yield return now;
        while (!HasEnded(now))
        {
            await foreach (var summary in EventsAsync(id, cancellationToken))
            {
                now = summary;
                yield return now;
                if (HasEnded(now))
                {
                    yield break;
                }
            }

            await Task.Delay(AskAgain, clock, cancellationToken);
            if (await AskAsync(id, cancellationToken) is { } asked)
            {
                now = asked;
                yield return now;
            }
        }
    }

    /// <summary>What one stream of events tells; it ends when the stream does, for whatever reason.</summary>
    private async IAsyncEnumerable<ActionSummary> EventsAsync(
        long id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var stream = await OpenAsync(id, cancellationToken);
        if (stream is null)
        {
            yield break;
        }

        await using var body = await stream.Content.ReadAsStreamAsync(cancellationToken);
        await using var events =
            SseParser.Create(body).EnumerateAsync(quiet.Token).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(events, quiet, cancellationToken))
        {
            var summary = events.Current.EventType switch
            {
                ChangeEventNames.Reload => await AskAsync(id, cancellationToken),
                ChangeEventNames.Action => ReadChange(events.Current.Data, id),
                _ => null,
            };
            if (summary is not null)
            {
                saidAway = false;
                yield return summary;
            }
        }
    }

    private async Task<HttpResponseMessage?> OpenAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            return await api.OpenAsync($"/api/v1/events?action={id}", cancellationToken);
        }
        catch (CliFailure failure) when (failure.ExitCode == ExitCodes.NotReachable)
        {
            SayAway(failure.Message);
            return null;
        }
    }

    private static async Task<bool> NextAsync(
        IAsyncEnumerator<SseItem<string>> events, CancellationTokenSource quiet, CancellationToken cancellationToken)
    {
        try
        {
            quiet.CancelAfter(StreamIsDead);
            return await events.MoveNextAsync();
        }
        catch (Exception error) when (error is IOException or HttpRequestException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The stream broke or went silent; asking and opening another one is what follows.
            return false;
        }
    }

    /// <summary>How the action stands; null when the server cannot be asked right now.</summary>
    private async Task<ActionSummary?> AskAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            return (await api.GetAsync<ActionDetail>($"/api/v1/actions/{id}", cancellationToken)).Summary;
        }
        catch (CliFailure failure) when (failure.ExitCode == ExitCodes.NotReachable)
        {
            SayAway(failure.Message);
            return null;
        }
    }

    private static ActionSummary? ReadChange(string data, long id)
    {
        var changed = JsonSerializer.Deserialize<ActionChanged>(data, ContractJson.Options);
        return changed is { Summary: null }
            ? throw new CliFailure(ExitCodes.NotFound, $"Action {id} was deleted.")
            : changed?.Summary;
    }

    private void SayAway(string message)
    {
        if (!saidAway)
        {
            output.ErrorLine($"{message} Trying again until it is back.");
            saidAway = true;
        }
    }

    private void ShowLine(ActionSummary summary)
    {
        var line = Describe(summary);
        if (!json && line != lastLine)
        {
            output.Line(line);
            lastLine = line;
        }
    }

    private int Finish(ActionSummary summary)
    {
        if (json)
        {
            output.Json(summary);
        }
        else
        {
            var counts = summary.Counts;
            output.Table(
                ["status", "targets"],
                new[]
                {
                    ("completed", counts.Completed), ("failed", counts.Failed), ("cancelled", counts.Cancelled),
                    ("skipped", counts.Skipped),
                }.Where(line => line.Item2 > 0)
                    .Select(line => (IReadOnlyList<string?>)[line.Item1, $"{line.Item2}"]));
        }

        return summary.Counts.Completed == summary.Counts.Total ? ExitCodes.Ok : ExitCodes.ActionFailed;
    }

    private static bool HasEnded(ActionSummary summary) => ActionStatusNames.Final.Contains(summary.Status);

    private static string Describe(ActionSummary summary)
    {
        var counts = summary.Counts;
        var failed = counts.Failed + counts.Skipped;
        return $"action {summary.Id} {summary.Kind}: {summary.Status}, {counts.Final} of {counts.Total} settled"
            + (failed > 0 ? $", {failed} failed" : "");
    }
}
