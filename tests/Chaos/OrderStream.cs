using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saltern.Chaos.Migrations;
using Saltern.Contract;
using Saltern.Simulator.Software;

namespace Saltern.Chaos;

/// <summary>
/// Gives the orders of a plan over REST, to whichever node is up, and remembers what was acknowledged: that must not be
/// lost. An order without an answer is not given again; it may have been taken or not.
/// </summary>
internal sealed class OrderStream : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    private readonly Stage stage;
    private readonly ChaosOptions options;
    private readonly TimeProvider clock;
    private readonly Action<string> say;
    private readonly HttpClient client = new() { Timeout = Patience };
    private readonly IReadOnlyList<PlannedOrder> plan;
    private readonly List<ActionScheduled> acknowledged = [];

    public OrderStream(
        Stage stage, IReadOnlyList<PlannedOrder> plan, ChaosOptions options, TimeProvider clock, Action<string> say)
    {
        this.plan = plan;
        this.stage = stage;
        this.options = options;
        this.clock = clock;
        this.say = say;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", stage.Token);
    }

    /// <summary>Actions that the server said it has taken.</summary>
    public IReadOnlyList<ActionScheduled> Acknowledged => acknowledged;

    public int Taken { get; private set; }

    public int Refused { get; private set; }

    public int Unanswered { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        foreach (var order in plan)
        {
            var wait = order.At - clock.GetElapsedTime(started);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, clock, cancellationToken);
            if (clock.GetElapsedTime(started) > options.Length)
            {
                return;
            }

            await GiveAsync(order, cancellationToken);
        }
    }

    public void Dispose() => client.Dispose();

    private async Task GiveAsync(PlannedOrder order, CancellationToken cancellationToken)
    {
        var node = Enumerable.Range(order.Node, options.Nodes)
            .Select(number => stage.Nodes[number % options.Nodes].Address)
            .FirstOrDefault(address => address is not null);
        var isOfEarlier = order is { Action: null, Verb: not "assign" };
        if (node is null || (isOfEarlier && order.Back >= acknowledged.Count))
        {
            return;
        }

        foreach (var (minion, outcome) in order.Outcomes)
        {
            await stage.Masters.Find(master => master.Name == order.Master)!.SetSoftwareAsync(
                minion, new SoftwareSetting { Dup = outcome }, cancellationToken);
        }

        try
        {
            await (order switch
            {
                { Action: { } action } => ScheduleAsync(node, action, order.Delay, cancellationToken),
                { Verb: "assign" } => AssignAsync(node, order, cancellationToken),
                _ => OrderAsync(node, order, cancellationToken),
            });
        }
        catch (Exception problem) when (
            problem is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Unanswered++;
        }
    }

    private async Task ScheduleAsync(
        Uri node, ActionRequest action, TimeSpan? delay, CancellationToken cancellationToken)
    {
        var order = delay is null ? action : action with { EarliestAt = clock.GetUtcNow() + delay };
        using var answer = await client.PostAsJsonAsync(
            new Uri(node, "/api/v1/actions"), order, ContractJson.Options, cancellationToken);
        if (await CountAsync(answer, cancellationToken))
        {
            acknowledged.Add((await answer.Content.ReadFromJsonAsync<ActionScheduled>(
                ContractJson.Options, cancellationToken))!);
        }
    }

    private async Task OrderAsync(Uri node, PlannedOrder order, CancellationToken cancellationToken)
    {
        var about = acknowledged[acknowledged.Count - 1 - order.Back].Id;
        var body = order.Verb == "cancel"
            ? JsonContent.Create(new CancelRequest { Minions = order.Minions }, options: ContractJson.Options)
            : JsonContent.Create(new RescheduleRequest { Scope = "failed" }, options: ContractJson.Options);
        using var answer = await client.PostAsync(
            new Uri(node, $"/api/v1/actions/{about}/{order.Verb}"), body, cancellationToken);
        await CountAsync(answer, cancellationToken);
    }

    /// <summary>Minions that are held refuse; the others get what they are assigned.</summary>
    private async Task AssignAsync(Uri node, PlannedOrder order, CancellationToken cancellationToken)
    {
        var labels = Ladder.Labels(order.Rung).Split(' ');
        var assigned = new List<string>();
        foreach (var minion in order.Minions)
        {
            using var answer = await client.PutAsJsonAsync(
                new Uri(node, $"/api/v1/minions/{minion}/channels?domain={order.Master}"),
                new AssignmentRequest { Base = labels[0], Children = labels[1..] }, ContractJson.Options,
                cancellationToken);
            if (await CountAsync(answer, cancellationToken))
            {
                assigned.Add(minion);
            }
        }

        if (assigned.Count > 0)
        {
            await ScheduleAsync(
                node,
                new ActionRequest
                {
                    Kind = "channels.apply",
                    Arguments = JsonElement.Parse("{}"),
                    Target = new TargetRequest { Minions = assigned, KeyDomain = order.Master },
                    DeadlineSeconds = 6,
                },
                null, cancellationToken);
        }
    }

    private async Task<bool> CountAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
        {
            Taken++;
            return true;
        }

        Refused++;
        if (answer.StatusCode is not (
            HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity or HttpStatusCode.ServiceUnavailable))
        {
            say($"          order answered {(int)answer.StatusCode}: "
                + await answer.Content.ReadAsStringAsync(cancellationToken));
        }

        return false;
    }
}
