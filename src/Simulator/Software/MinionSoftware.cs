using System.Text.Json.Nodes;
using Saltern.Simulator.Functions;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Software;

/// <summary>
/// Products, repositories and runs of one minion; made when something of it is first set, before that they follow from
/// the options or the operating system.
/// </summary>
internal sealed class MinionSoftware
{
    /// <summary>So many settings of channels are remembered, the latest.</summary>
    private const int MostSettings = 1_000;

    private readonly HashSet<string> switchedOff = new(StringComparer.Ordinal);

    private MinionSoftware(IReadOnlyList<SimulatedProduct> products, IEnumerable<SimulatedRepository> repositories)
    {
        Products = products;
        Repositories = [.. repositories];
    }

    public IReadOnlyList<SimulatedProduct> Products { get; set; }

    public List<SimulatedRepository> Repositories { get; set; }

    public DupSetting Dup { get; set; } = new();

    /// <summary>Packages that differ from the standard set, and products, after the next boot.</summary>
    public (Dictionary<string, string>? Packages, IReadOnlyList<SimulatedProduct> Products)? NextBoot { get; set; }

    /// <summary>What the call with this pid changed of the channels when it began, for its report at the end.</summary>
    public (int Pid, JsonObject Changes)? ChannelChanges { get; set; }

    public Queue<ChannelSettingView> ChannelsSet { get; } = new();

    /// <summary>By run_id, in the order in which they were first begun.</summary>
    public OrderedDictionary<string, DupRun> Runs { get; } = new(StringComparer.Ordinal);

    public static MinionSoftware AtFirst(SimulatorOptions options, int minion)
    {
        Distribution os = Distribution.Of(minion);
        return new MinionSoftware(options.Products ?? ProductsOf(os), options.Repositories ?? RepositoriesOf(os));
    }

    /// <summary>
    /// Exactly these are the repositories of our name from now on. What changed, as the real module tells it.
    /// </summary>
    public JsonObject SetChannels(FunctionCall call, DupOrder order, bool test)
    {
        JsonObject channels = [];
        foreach (SimulatedRepository one in order.Channels!.Where(one => !Repositories.Contains(one)))
        {
            channels[one.Alias] = Repositories.Exists(known => known.Alias == one.Alias) ? "changed" : "added";
        }

        HashSet<string> wanted = [.. order.Channels!.Select(one => one.Alias)];
        foreach (SimulatedRepository gone in Repositories.Where(one => one.IsOurs && !wanted.Contains(one.Alias)))
        {
            channels[gone.Alias] = "removed";
        }

        SimulatedRepository[] others = [.. Repositories.Where(one => !one.IsOurs)];
        SimulatedRepository[] switched = [.. others.Select(one => Switched(one, order.DisablesForeign))];
        JsonObject foreign = [];
        foreach (SimulatedRepository one in switched.Except(others))
        {
            foreign[one.Alias] = one.Enabled ? "enabled" : "disabled";
        }

        if (!test)
        {
            Note(switched.Except(others), order.DisablesForeign);
            Repositories = [.. switched, .. order.Channels!];
            ChannelsSet.Enqueue(new ChannelSettingView(
                call.Now, call.Publication.Jid, order.RunId, [.. order.Channels!.Select(one => one.Label)]));
            if (ChannelsSet.Count > MostSettings)
            {
                ChannelsSet.Dequeue();
            }
        }

        JsonObject changes = [];
        changes["channels"] = channels;
        changes["foreign"] = foreign;
        return changes;
    }

    /// <summary>The machine goes down: workers that were at it are gone.</summary>
    public void LosePower(DateTimeOffset now)
    {
        foreach (DupRun run in Runs.Values.Where(run => run.GoesOn))
        {
            // What is done in a snapshot leaves the system as it was until it is at its end.
            run.Outcome = run.IsTransactional || run.Outcome == DupOutcome.InterruptedUnchanged
                ? DupOutcome.InterruptedUnchanged
                : DupOutcome.Interrupted;
            run.EndsAt = now;
        }
    }

    private SimulatedRepository Switched(SimulatedRepository one, bool disables) => disables
        ? one with { Enabled = false }
        : one with { Enabled = one.Enabled || switchedOff.Contains(one.Alias) };

    private void Note(IEnumerable<SimulatedRepository> switched, bool disables)
    {
        if (!disables)
        {
            switchedOff.Clear();
            return;
        }

        switchedOff.UnionWith(switched.Select(one => one.Alias));
    }

    private static IReadOnlyList<SimulatedProduct> ProductsOf(Distribution os) => os switch
    {
        { IsSuse: false } => [],
        { Os: "SLES" } =>
        [
            new SimulatedProduct("SLES", os.Release, IsBase: true),
            new SimulatedProduct("sle-module-basesystem", os.Release),
            new SimulatedProduct("sle-module-server-applications", os.Release),
        ],
        _ => [new SimulatedProduct(os.FullName, os.Release, IsBase: true)],
    };

    private static IEnumerable<SimulatedRepository> RepositoriesOf(Distribution os) =>
        ((string[])["Pool", "Updates"]).Select(part => new SimulatedRepository(
            $"{os.FullName}-{os.Release}-{part}", $"https://mirror.example.org/{os.FullName}/{os.Release}/{part}/"));
}
