using Saltern.Simulator.Faults;

namespace Saltern.Bench;

/// <summary>What watching over a fleet costs while nothing happens, and what a fleet costs that comes back.</summary>
internal sealed class WatchBenchmark : IBenchmark
{
    /// <summary>Of one processor.</summary>
    private const double MostIdlePercent = 2;

    private const int MostInFlight = 2_000;

    private const string Script = """{"script":"#!/bin/sh\necho hello\n"}""";

    public string Name => "watch";

    public string What =>
        "Processor time of server and PostgreSQL while nothing happens: with a whole fleet known, and with a whole "
        + "fleet picked up that does not return. Then `script.run` on minions that are all down, which come up at once "
        + "(start events): it goes out to whom is heard from, within the limit in flight. Against the same on minions "
        + "that are up.";

    public async Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken) =>
    [
        .. await IdleAsync(ground, cancellationToken),
        .. await ComeBackAsync(ground, cancellationToken),
    ];

    private static async Task<Figure[]> IdleAsync(Ground ground, CancellationToken cancellationToken)
    {
        var minions = ground.Sizes.Targets;
        await using var stage = await LiveStage.StartAsync(
            ground, minions, cancellationToken, ("MaxInFlight", minions));
        await stage.WarmUpAsync(cancellationToken);
        var idle = await RestAsync(ground, stage, cancellationToken);
        await stage.Master.SetFaultAsync(new Fault { Name = FaultNames.NeverReturn }, cancellationToken);
        var action = await stage.Server.ScheduleAsync(LiveStage.Order("state.apply"), cancellationToken);
        await ground.UntilAsync(
            async () => minions == await stage.Database.ScalarAsync<int>(
                "select picked_up from action_counts where action_id = $1", action),
            TimeSpan.FromMinutes(5), "all targets were picked up", cancellationToken);
        var awaited = await RestAsync(ground, stage, cancellationToken);
        return
        [
            Figure.AtMost($"{minions:N0} minions, nothing to do", idle.Total, MostIdlePercent, " %", idle.Parts),
            Figure.AtMost(
                $"{minions:N0} targets picked up, no returns", awaited.Total, MostIdlePercent, " %", awaited.Parts),
        ];
    }

    /// <summary>Per cent of one processor, over a time with several sweeps in it.</summary>
    private static async Task<(double Total, string Parts)> RestAsync(
        Ground ground, LiveStage stage, CancellationToken cancellationToken)
    {
        await Ground.SettleDownAsync(stage.Database, "action_target", "submission");
        await Task.Delay(ground.Sizes.Rest / 4, ground.Clock, cancellationToken);
        var cost = await stage.CostAsync(() => Task.Delay(ground.Sizes.Rest, ground.Clock, cancellationToken));
        var server = 100 * cost.ServerSeconds / cost.Seconds;
        var database = 100 * cost.DatabaseSeconds / cost.Seconds;
        Ground.Say($"  server {Figure.Number(server)} %, PostgreSQL {Figure.Number(database)} %");
        return (server + database,
            $"server {Figure.Number(server)} %, PostgreSQL {Figure.Number(database)} %, over {cost.Seconds:0} s");
    }

    private static async Task<Figure[]> ComeBackAsync(Ground ground, CancellationToken cancellationToken)
    {
        var minions = ground.Sizes.ComeBack;
        await using var stage = await LiveStage.StartAsync(
            ground, minions, cancellationToken, ("MaxInFlight", MostInFlight));
        await stage.WarmUpAsync(cancellationToken);
        var ordinary = await stage.RunAsync("script.run", cancellationToken, Script);
        await stage.Master.SetFaultAsync(new Fault { Name = FaultNames.MinionDown }, cancellationToken);
        // Nobody counts as just heard from, as after a night: not those either whose return is noted a little later.
        await Task.Delay(TimeSpan.FromSeconds(5), ground.Clock, cancellationToken);
        await stage.Database.ExecuteAsync(
            "update minion_contact set last_contact_at = last_contact_at - interval '1 day'");
        var action = await stage.Server.ScheduleAsync(LiveStage.Order("script.run", Script), cancellationToken);
        await Task.Delay(ground.Sizes.Rest / 6, ground.Clock, cancellationToken);
        UnfinishedWorkException.Require(
            minions, await stage.Database.ScalarAsync<int>(
                "select queued from action_counts where action_id = $1", action), "targets that wait");
        var most = 0;
        var cost = await stage.CostAsync(async () =>
        {
            await stage.Master.ClearFaultsAsync(cancellationToken);
            await ground.UntilAsync(
                async () =>
                {
                    most = Math.Max(most, await stage.Database.ScalarAsync<int>(
                        "select picked_up from action_counts where action_id = $1", action));
                    return await stage.Database.ScalarAsync<bool>(
                        "select ended_at is not null from action where id = $1", action);
                },
                TimeSpan.FromMinutes(10), "those that came back had run it", cancellationToken);
        });
        var completed = (await stage.Server.ReadActionAsync(action, cancellationToken)).Counts.Completed;
        UnfinishedWorkException.Require(minions, completed, "completed targets");
        cost = cost with { Targets = minions };
        Ground.Say($"  up {ordinary}");
        Ground.Say($"  back {cost}");
        return
        [
            Figure.AtMost($"{minions:N0} minions come back at once: most in flight", most, MostInFlight, ""),
            Figure.Known("processor time of server and PostgreSQL, in those of minions that are up",
                Figure.Number((cost.ServerSeconds + cost.DatabaseSeconds)
                    / (ordinary.ServerSeconds + ordinary.DatabaseSeconds))
                + $" (up: {ordinary}; back: {cost})"),
        ];
    }
}
