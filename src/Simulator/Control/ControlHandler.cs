using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Keys;
using Saltern.Simulator.Ledger;
using Saltern.Simulator.Software;

namespace Saltern.Simulator.Control;

/// <summary>
/// The control port, JSON over HTTP, without a login since it listens on 127.0.0.1 only:
/// <list type="bullet">
/// <item><c>GET /faults</c>: all that are set; <c>PUT /faults/{name}</c> with the rest of a <see cref="Fault"/> as body
/// (may be empty); <c>DELETE /faults/{name}</c>; <c>DELETE /faults</c>.</item>
/// <item><c>GET /ledger?from=0&amp;limit=1000</c>: entries and <c>next</c>, null on the last page;
/// <c>GET /ledger?jid=…&amp;minion=…</c>: those of a job, a minion, or both.</item>
/// <item><c>GET /minions?from=0&amp;limit=1000</c>; <c>POST /minions</c> with
/// <c>{"count":n,"key":"accepted|pending"}</c> or
/// <c>{"ids":[…]}</c>; <c>POST /minions/{id}/down|up|restart|reboot|reconnect</c>.</item>
/// <item><c>GET /minions/{id}/software</c>: <see cref="SoftwareView"/>; <c>PUT</c> the same path with a
/// <see cref="SoftwareSetting"/>.</item>
/// <item><c>PUT /files/{path}</c>: the body becomes <c>salt://path</c>. <c>GET /stats</c>: <see
/// cref="SimulatorCounts"/>.</item>
/// </list>
/// </summary>
internal sealed class ControlHandler(SimulatedMaster master)
{
    private const int LongestPage = 10_000;

    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (Exception error) when (error is ArgumentException or JsonException)
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(new { error = error.Message }, Wire, context.RequestAborted);
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        string[] parts = (context.Request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (context.Request.Method, parts) switch
        {
            ("GET", ["faults"]) => AnswerAsync(context, master.Faults.All()),
            ("PUT", ["faults", string name]) => SetFaultAsync(context, name),
            ("DELETE", ["faults"]) => ClearAllAsync(context),
            ("DELETE", ["faults", string name]) => DoneAsync(context, master.Faults.Clear(name)),
            ("GET", ["ledger"]) => LedgerAsync(context),
            ("GET", ["minions"]) => MinionsAsync(context),
            ("POST", ["minions"]) => AddMinionsAsync(context),
            ("POST", ["minions", string id, string verb]) => DoneAsync(context, Change(id, verb)),
            ("GET", ["minions", string id, "software"]) => SoftwareAsync(context, id),
            ("PUT", ["minions", string id, "software"]) => SetSoftwareAsync(context, id),
            ("PUT", ["files", .. string[] path]) => PutFileAsync(context, string.Join('/', path)),
            ("GET", ["stats"]) => AnswerAsync(context, master.Counts),
            _ => DoneAsync(context, done: false),
        };
    }

    private bool Change(string id, string verb) => verb switch
    {
        "down" => master.TakeDown(id),
        "up" => master.BringUp(id),
        "restart" => master.Restart(id),
        "reboot" => master.Reboot(id),
        "reconnect" => master.Reconnect(id),
        _ => false,
    };

    private async Task SetFaultAsync(HttpContext context, string name)
    {
        Fault fault = await ReadAsync<Fault>(context) ?? new Fault();
        master.Faults.Set(fault with { Name = name });
        await DoneAsync(context, done: true);
    }

    private Task ClearAllAsync(HttpContext context)
    {
        master.Faults.ClearAll();
        return DoneAsync(context, done: true);
    }

    private Task LedgerAsync(HttpContext context)
    {
        string? jid = context.Request.Query["jid"].FirstOrDefault();
        string? minion = context.Request.Query["minion"].FirstOrDefault();
        if (jid is not null)
        {
            return AnswerAsync(context, new LedgerPage(
                [.. master.Ledger.OfJob(jid).Where(entry => minion is null || entry.MinionId == minion)], null));
        }

        if (minion is not null)
        {
            return AnswerAsync(context, new LedgerPage(master.Ledger.OfMinion(minion), null));
        }

        (long from, int limit) = Page(context);
        IReadOnlyList<LedgerEntry> entries = master.Ledger.Page(from, limit);
        return AnswerAsync(context, new LedgerPage(entries, entries.Count < limit ? null : from + entries.Count));
    }

    private Task MinionsAsync(HttpContext context)
    {
        (long from, int limit) = Page(context);
        List<MinionView> views = [];
        lock (master.Fleet.Gate)
        {
            for (int minion = (int)from; minion < master.Fleet.Count && views.Count < limit; minion++)
            {
                ref Minions.MinionState state = ref master.Fleet[minion];
                views.Add(new MinionView(
                    master.Fleet.IdOf(minion), state.Up, state.Key, state.CacheJobs, state.Running?.Count ?? 0,
                    master.Fleet.BootIdOf(minion), master.Fleet.SoftwareOf(minion).Repositories.ToArray()));
            }
        }

        return AnswerAsync(context, views);
    }

    private Task SoftwareAsync(HttpContext context, string id) =>
        master.SoftwareOf(id) is { } software ? AnswerAsync(context, software) : DoneAsync(context, done: false);

    private async Task SetSoftwareAsync(HttpContext context, string id)
    {
        SoftwareSetting setting = await ReadAsync<SoftwareSetting>(context) ?? new SoftwareSetting();
        await DoneAsync(context, master.SetSoftware(id, setting));
    }

    private async Task AddMinionsAsync(HttpContext context)
    {
        NewMinions wanted = await ReadAsync<NewMinions>(context) ?? new NewMinions();
        if (wanted.Count is < 0 or > 1_000_000)
        {
            throw new ArgumentException($"count is {wanted.Count}; allowed: 0 to 1000000.");
        }

        master.AddMinions(wanted.Ids, wanted.Key);
        await AnswerAsync(context, master.AddMinions(wanted.Count, wanted.Key));
    }

    private async Task PutFileAsync(HttpContext context, string path)
    {
        using StreamReader reader = new(context.Request.Body);
        master.PutFile("salt://" + path, await reader.ReadToEndAsync(context.RequestAborted));
        await DoneAsync(context, done: true);
    }

    private static (long From, int Limit) Page(HttpContext context) =>
        (Number(context, "from", 0), (int)Math.Clamp(Number(context, "limit", 1000), 1, LongestPage));

    private static long Number(HttpContext context, string name, long otherwise)
    {
        string? text = context.Request.Query[name].FirstOrDefault();
        if (text is null)
        {
            return otherwise;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new ArgumentException($"{name} is '{text}'; allowed: a whole number from 0 on.");
    }

    private static async Task<T?> ReadAsync<T>(HttpContext context)
        where T : class
    {
        using StreamReader reader = new(context.Request.Body);
        string text = await reader.ReadToEndAsync(context.RequestAborted);
        return text.Length == 0 ? null : JsonSerializer.Deserialize<T>(text, Wire);
    }

    private static Task AnswerAsync<T>(HttpContext context, T body) =>
        context.Response.WriteAsJsonAsync(body, Wire, context.RequestAborted);

    private static Task DoneAsync(HttpContext context, bool done)
    {
        context.Response.StatusCode = done ? 204 : 404;
        return Task.CompletedTask;
    }

    private sealed record LedgerPage(IReadOnlyList<LedgerEntry> Entries, long? Next);

    private sealed record MinionView(
        string Id, bool Up, KeyStatus Key, bool CacheJobs, int Running, string BootId,
        IReadOnlyList<SimulatedRepository> Repositories);

    private sealed record NewMinions
    {
        public int Count { get; init; }

        public IReadOnlyList<string> Ids { get; init; } = [];

        public KeyStatus Key { get; init; } = KeyStatus.Accepted;
    }
}
