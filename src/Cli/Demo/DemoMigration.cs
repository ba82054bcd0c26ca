using System.Globalization;
using Saltern.Cli.Client;
using Saltern.Contract;
using Saltern.Simulator.Software;

namespace Saltern.Cli.Demo;

/// <summary>
/// A migration from its dry run to its end, on a few minions, one of which cannot, one fails and has its channels of
/// before again, and one is left half-way. Then the channels on record and on the minions are compared with what each
/// minion knows that it did.
/// </summary>
internal sealed class DemoMigration(DemoGround ground, Api api, CliOutput output, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Prints what the migration has come to, once all its channels are decided.</summary>
    public async Task ReportAsync(long action, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while ((await ChangesAsync(action, cancellationToken)).Any(IsOpen))
        {
            if (clock.GetElapsedTime(started) > Patience)
            {
                throw new CliFailure(ExitCodes.ActionFailed, $"The channels of action {action} are not decided.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), clock, cancellationToken);
        }

        MigrationReports.Show(output, await api.GetAsync<MigrationSummary>(
            string.Create(CultureInfo.InvariantCulture, $"/api/v1/servicepack/reports/{action}"), cancellationToken));
    }

    /// <summary>How many of these minions have the channels that their runs came to; the others are named.</summary>
    public async Task<int> CompareAsync(
        long action, IReadOnlyList<string> minions, CancellationToken cancellationToken)
    {
        var attention = (await ChangesAsync(action, cancellationToken)).Count(change => change.Attention is not null);
        var (right, arrived) = (0, 0);
        foreach (var minion in minions)
        {
            var really = ground.Master.SoftwareOf(minion)!;
            var given = really.Runs.LastOrDefault(Arrived)?.Channels;
            var expected = Sorted(given ?? DemoSoftware.Labels(really.Products));
            var record = await api.GetAsync<MinionChannels>(
                $"/api/v1/minions/{Uri.EscapeDataString(minion)}/channels", cancellationToken);
            var assigned = Sorted(record.Children.Append(record.Base ?? "none"));
            var there = Sorted(really.Repositories.Select(
                repository => repository.Alias.Replace("saltern:", "", StringComparison.Ordinal)));
            arrived += given is null ? 0 : 1;
            if (assigned == expected && there == expected)
            {
                right++;
                continue;
            }

            output.Error.WriteLine($"{minion} should have {expected}; on record is {assigned}, and it has {there}");
        }

        output.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"demo: {right} of {minions.Count} minions have the channels that their runs came to: {arrived} new ones "
            + $"({attention} half-way, for a person to look at), {minions.Count - arrived} those of before"));
        return right;
    }

    private static bool IsOpen(ChannelChangeSummary change) => change.State is not ("Kept" or "Reverted");

    private static bool Arrived(DupRunView run) =>
        !run.DryRun && (run.Changed || run.Outcome is "succeeded" or "nothing_to_do");

    private static string Sorted(IEnumerable<string> labels) =>
        string.Join(' ', labels.Order(StringComparer.Ordinal));

    private Task<List<ChannelChangeSummary>> ChangesAsync(long action, CancellationToken cancellationToken) =>
        api.ListAsync<ChannelChangeSummary>(
            string.Create(CultureInfo.InvariantCulture, $"/api/v1/servicepack/changes?action={action}"), int.MaxValue,
            cancellationToken);
}
