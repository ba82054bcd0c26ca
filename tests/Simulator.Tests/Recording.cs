using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Npgsql;
using Xunit;

namespace Saltern.Simulator.Tests;

/// <summary>
/// Plays a recording of a real master against the simulator, step by step: requests are sent and their answers
/// compared, SQL is run on the simulator's job cache and its rows compared. Tokens and jids of the recording stand for
/// those of this run. What happened between the steps (a minion stopped, a master started) is done by the test, at the
/// note that tells of it.
/// </summary>
internal sealed partial class Recording(string file, PrivatePostgres postgres)
{
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly List<string> differences = [];
    private readonly Dictionary<string, Func<Task>> before = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<Task>> after = new(StringComparer.Ordinal);
    private readonly HashSet<string> passedOver = new(StringComparer.Ordinal);
    private NpgsqlDataSource? source;

    public HastyClock Clock { get; init; } = new(20);

    public SimulatorOptions Options { get; init; } = Scene.Lab;

    public SimulatedMaster Master { get; private set; } = null!;

    public int Compared { get; private set; }

    /// <summary>Done before the step with this note.</summary>
    public Recording Before(string note, Func<Task> action)
    {
        before.Add(note, action);
        return this;
    }

    public Recording Before(string note, Action action) => Before(note, () =>
    {
        action();
        return Task.CompletedTask;
    });

    public Recording After(string note, Func<Task> action)
    {
        after.Add(note, action);
        return this;
    }

    /// <summary>A step that is no matter of the simulator's; the test says why.</summary>
    public Recording PassOver(params string[] notes)
    {
        passedOver.UnionWith(notes);
        return this;
    }

    public Task WaitAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), Clock);

    public async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = source!.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task PlayAsync(int expectedSteps)
    {
        string database = await postgres.CreateDatabaseAsync();
        source = NpgsqlDataSource.Create(database + ";Search Path=salt");
        await ExecuteAsync(StockSchema);
        Master = new SimulatedMaster(Options with { Database = database }, Clock);
        await Master.StartAsync(CancellationToken.None);
        string path = Path.Combine(Repository.Root, "tests", "Recordings", file);
        JsonArray steps = JsonNode.Parse(await File.ReadAllTextAsync(path))!["steps"]!.AsArray();
        foreach (JsonNode? step in steps)
        {
            await PlayAsync(step!.AsObject());
        }

        await Master.DisposeAsync();
        await source.DisposeAsync();
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.True(Compared == expectedSteps, $"compared {Compared} steps");
    }

    private async Task PlayAsync(JsonObject step)
    {
        string note = (string?)step["note"] ?? (string?)step["sql"] ?? "";
        if (before.TryGetValue(note, out Func<Task>? first))
        {
            await first();
        }

        if (!passedOver.Contains(note) && step["request"] is JsonObject request)
        {
            Compared++;
            await SendAsync(request, step["response"]!.AsObject(), note);
        }
        else if (!passedOver.Contains(note) && (string?)step["sql"] is string sql)
        {
            Compared++;
            await QueryAsync(sql, step["rows"]!.AsArray(), note);
        }

        if (after.TryGetValue(note, out Func<Task>? last))
        {
            await last();
        }
    }

    private async Task SendAsync(JsonObject request, JsonObject recorded, string note)
    {
        using ApiClient client = new(Master.Api);
        JsonObject headers = request["headers"]!.AsObject();
        client.Token = headers["X-Auth-Token"] is { } token ? Translate((string)token!) : null;
        string? body = request["body"] switch
        {
            null => null,
            JsonValue text when text.TryGetValue(out string? raw) => raw,
            JsonNode json => Translate(json.ToJsonString()),
        };
        string where = $"{request["method"]} {request["path"]} ({note})";
        HttpResponseMessage response;
        try
        {
            response = await client.SendTextAsync(
                (string)request["method"]!, Translate((string)request["path"]!), body,
                (string?)headers["Content-Type"] ?? "application/json", (string?)headers["Accept"] ?? "*/*");
        }
        catch (HttpRequestException error)
        {
            bool expected = ((string)recorded["status"]!).StartsWith("exception", StringComparison.Ordinal);
            differences.AddRange(expected ? [] : [$"{where}: {error.Message}"]);
            return;
        }

        await CompareAsync(where, recorded, response);
        response.Dispose();
    }

    private async Task CompareAsync(string where, JsonObject recorded, HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync();
        string status = ((string)recorded["status"]!).Split(' ')[0];
        string type = (string?)recorded["headers"]!["Content-Type"] ?? "";
        string actualType = ApiClient.TypeOf(response);
        if (status != $"{(int)response.StatusCode}" || type != actualType)
        {
            differences.Add(
                $"{where}: recorded {status} {type}, simulated {(int)response.StatusCode} {actualType} {text}");
            return;
        }

        if ((string?)recorded["headers"]!["X-Auth-Token"] is { } session)
        {
            names[session] = response.Headers.GetValues("X-Auth-Token").Single();
        }

        JsonNode? body = recorded["body"];
        if (body is not JsonValue value || !value.TryGetValue(out string? page))
        {
            JsonNode? simulated = JsonNode.Parse(text);
            LearnNames(body, simulated);
            differences.AddRange(
                Shape.Compare(body, simulated, Translate).Select(difference => $"{where}: {difference}"));
            return;
        }

        ComparePage(where, page, text);
    }

    // Pages were shortened to heading and text; long JSON was cut, so that only its kind is left.
    private void ComparePage(string where, string recorded, string simulated)
    {
        const string Mark = "(an HTML page) ";
        if (recorded.StartsWith(Mark, StringComparison.Ordinal))
        {
            Match page = Page().Match(simulated);
            string plain = $"{Mark}<h2>{page.Groups[1].Value}</h2> <p>{page.Groups[2].Value}</p>";
            differences.AddRange(plain == recorded ? [] : [$"{where}: recorded {recorded}, simulated {plain}"]);
        }
        else if (!recorded.EndsWith("[cut]", StringComparison.Ordinal))
        {
            string left = Jid().Replace(recorded, "#");
            string right = Jid().Replace(simulated, "#");
            differences.AddRange(left == right ? [] : [$"{where}: recorded {left}, simulated {right}"]);
        }
    }

    private void LearnNames(JsonNode? recorded, JsonNode? simulated)
    {
        JsonArray jobs = (recorded as JsonObject)?["return"] as JsonArray ?? (recorded as JsonArray) ?? [];
        JsonArray actual = (simulated as JsonObject)?["return"] as JsonArray ?? (simulated as JsonArray) ?? [];
        foreach ((JsonNode? job, JsonNode? counterpart) in jobs.Zip(actual))
        {
            foreach (string key in (string[])["jid", "token"])
            {
                Learn((job as JsonObject)?[key], (counterpart as JsonObject)?[key]);
            }
        }
    }

    private void Learn(JsonNode? recorded, JsonNode? actual)
    {
        if (recorded is JsonValue && actual is JsonValue)
        {
            names[(string)recorded!] = (string)actual!;
        }
    }

    private async Task QueryAsync(string sql, JsonArray recorded, string note)
    {
        string query = RowNumber().Replace(Translate(sql), "id>0");
        List<string> unlike;

        // That nothing comes can only be seen by waiting; what comes may be read before it is all there.
        await Task.Delay(TimeSpan.FromMilliseconds(recorded.Count == 0 ? 400 : 0), TimeProvider.System);
        DateTime giveUp = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(8);
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            unlike = [.. Shape.Compare(recorded, await RowsAsync(query), Translate)];
        }
        while (unlike.Count > 0 && TimeProvider.System.GetUtcNow().UtcDateTime < giveUp);

        differences.AddRange(unlike.Select(difference => $"{note} {sql}: {difference}"));
    }

    private async Task<JsonArray> RowsAsync(string query)
    {
        JsonArray rows = [];
        await using NpgsqlCommand command = source!.CreateCommand($"select row_to_json(t)::text from ({query}) t");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(JsonNode.Parse(reader.GetString(0)));
        }

        return rows;
    }

    private string Translate(string text)
    {
        foreach ((string recorded, string actual) in names)
        {
            text = text.Replace(recorded, actual, StringComparison.Ordinal);
        }

        return text;
    }

    // The recordings were made on the tables of Salt's own documentation, which refuse what ours take.
    private const string StockSchema = """
        alter schema salt rename to salt_of_saltern;
        create schema salt;
        create table salt.jids (jid varchar(255) not null primary key, load jsonb not null);
        create table salt.salt_returns (
            fun varchar(50) not null, jid varchar(255) not null, return jsonb not null, id varchar(255) not null,
            success varchar(10) not null, full_ret jsonb not null, alter_time timestamp with time zone default now());
        create sequence salt.seq_salt_events_id;
        create table salt.salt_events (
            id bigint not null unique default nextval('salt.seq_salt_events_id'), tag varchar(255) not null,
            data jsonb not null, alter_time timestamp with time zone default now(), master_id varchar(255) not null);
        """;

    [GeneratedRegex("<h2>(.*?)</h2>\\s*<p>(.*?)</p>", RegexOptions.Singleline)]
    private static partial Regex Page();

    [GeneratedRegex(@"\d{20}")]
    private static partial Regex Jid();

    [GeneratedRegex(@"\bid>\d+")]
    private static partial Regex RowNumber();
}
