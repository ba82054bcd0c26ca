using System.Text.Json;
using Saltern.Chaos;
using Saltern.Chaos.Migrations;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;

namespace Saltern.Simulation;

/// <summary>When all has settled: the channels of minions, against what their runs came to.</summary>
internal sealed class MigrationEnding(World world)
{
    /// <summary>
    /// Minions whose channels a person set last are given them once more: nothing may keep that from them any longer.
    /// </summary>
    public async Task ApplyAsync()
    {
        var left = (await ReadAsync()).Where(
            minion => minion.IsLeftToPerson && minion.Reality != minion.Assigned).ToList();
        foreach (var same in left.GroupBy(minion => minion.Master, minion => minion.Minion))
        {
            world.Note($"{same.Key}/{string.Join(',', same)} get the channels that a user set");
            await world.Nodes[0].Get<Scheduling>().ScheduleAsync(
                new ActionOrder
                {
                    Kind = ChannelsApplyKind.KindName,
                    Arguments = JsonElement.Parse("{}"),
                    Target = new TargetSelection { Minions = [.. same], KeyDomain = same.Key },
                },
                "user", CancellationToken.None);
        }
    }

    /// <summary>All that is wrong; what nobody could tell is told in the story.</summary>
    public async Task<IEnumerable<string>> JudgeAsync()
    {
        var verdict = new Verdict();
        MigrationJudge.Judge(await ReadAsync(), verdict);
        var counts = verdict.Migrations;
        world.Note($"{counts.DryRuns} dry runs, {counts.RealRuns} real ones; new channels kept {counts.Kept}, taken "
            + $"back {counts.TakenBack}, to be looked at {counts.Attention}, by persons {counts.ByPerson}");
        foreach (var explained in verdict.NobodyKnew)
        {
            world.Note($"nobody could tell: {explained}");
        }

        return verdict.Lost.Concat(verdict.RunTwice).Concat(verdict.WrongChannels).Concat(verdict.Overlapped);
    }

    private async Task<IReadOnlyList<MinionEnd>> ReadAsync() => MinionEnds.Of(
        await world.QueryAsync(MinionEnd.AssignedSql, MinionEnd.Read),
        await world.QueryAsync(Journal.EntriesSql, JournalEntry.Read),
        await world.QueryAsync(ChangeEnd.ChangesSql, ChangeEnd.Read),
        (master, minion) => world.Masters.Find(one => one.Name == master)!.Simulated.SoftwareOf(minion)!);
}
