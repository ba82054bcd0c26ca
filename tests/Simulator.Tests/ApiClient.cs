using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Saltern.Simulator.Tests;

/// <summary>A plain client of salt-api, for tests.</summary>
internal sealed class ApiClient(Uri address) : IDisposable
{
    private readonly HttpClient http = new(
        new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromSeconds(1) })
    {
        BaseAddress = address,
        Timeout = TimeSpan.FromSeconds(30),
    };

    public string? Token { get; set; }

    /// <summary>The content type as CherryPy writes it, without a space.</summary>
    public static string TypeOf(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.ToString().Replace(" ", "", StringComparison.Ordinal) ?? "";

    public async Task LoginAsync(string user = "lab", string password = "lab-shared-secret")
    {
        using HttpResponseMessage response = await SendAsync("POST", "/login", new JsonObject
        {
            ["username"] = user, ["password"] = password, ["eauth"] = "sharedsecret",
        });
        response.EnsureSuccessStatusCode();
        Token = response.Headers.GetValues("X-Auth-Token").Single();
    }

    public Task<HttpResponseMessage> SendAsync(string method, string path, JsonNode? body = null) =>
        SendTextAsync(method, path, body?.ToJsonString(), "application/json", "application/json");

    public Task<HttpResponseMessage> SendTextAsync(string method, string path, string? body, string type, string accept)
    {
        HttpRequestMessage request = new(new HttpMethod(method), path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (Token is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Auth-Token", Token);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Sends one chunk to / and gives its part of the answer.</summary>
    public async Task<JsonNode> RunAsync(JsonObject chunk)
    {
        using HttpResponseMessage response = await SendAsync("POST", "/", new JsonArray(chunk));
        string text = await response.Content.ReadAsStringAsync();
        response.EnsureSuccessStatusCode();
        return JsonNode.Parse(text)!["return"]![0]!;
    }

    public Task<JsonNode> PublishAsync(
        string[] minions, string function, string? jid = null, params JsonNode[] arguments) =>
        RunAsync(new JsonObject
        {
            ["client"] = "local_async",
            ["tgt"] = new JsonArray([.. minions.Select(minion => (JsonNode)minion)]),
            ["tgt_type"] = "list",
            ["fun"] = function,
            ["arg"] = new JsonArray(arguments),
            ["jid"] = jid,
            ["metadata"] = new JsonObject { ["action_id"] = 7 },
        });

    public void Dispose() => http.Dispose();
}
