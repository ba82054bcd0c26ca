using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.SaltApi;

/// <summary>
/// Runs the low chunks of a request in order. A chunk that fails ends the request with its error, though those before
/// it were published. A client that goes away stops nothing: the master finishes what it was asked for.
/// </summary>
internal sealed class Lowstate(SimulatorParts parts, Sessions sessions, Clients clients, RequestFaults faults)
{
    private const string NoPermission = "No permission -- see authorization schemes";

    public Session SessionOf(HttpContext context)
    {
        string? id = context.Request.Headers["X-Auth-Token"].FirstOrDefault()
            ?? context.Request.Query["token"].FirstOrDefault();
        return sessions.Find(id) ?? throw new ApiError(401, NoPermission);
    }

    public async Task RunAsync(HttpContext context)
    {
        Session session = SessionOf(context);
        await AnswerAsync(context, chunk => Permit(session, chunk), returned => Wrapped(returned), 200);
    }

    /// <summary>/run: the session does not count, each chunk brings credentials or an eauth token.</summary>
    public Task RunWithCredentialsAsync(HttpContext context) =>
        AnswerAsync(context, Permit, returned => Wrapped(returned), 200);

    /// <summary>POST /minions: local_async, answered 202 with links.</summary>
    public async Task PublishAsync(HttpContext context)
    {
        Session session = SessionOf(context);
        await AnswerAsync(
            context,
            chunk =>
            {
                chunk["client"] = "local_async";
                return Permit(session, chunk);
            },
            returned =>
            {
                JsonObject body = Wrapped(returned);
                JsonArray links = new([.. returned.Where(job => job is JsonObject { Count: > 0 }).Select(job =>
                    new JsonObject { ["href"] = "/jobs/" + Json.TextOf(job!["jid"]) })]);
                body["_links"] = new JsonObject { ["jobs"] = links };
                return body;
            },
            202);
    }

    /// <summary>A chunk of the server's own, for pages that are a call in disguise.</summary>
    public async Task<JsonNode?> CallAsync(HttpContext context, JsonObject chunk)
    {
        LowChunk low = Permit(SessionOf(context), chunk);
        return await faults.StrikeBeforeAsync(context, [chunk], session: null)
            ? throw new OperationCanceledException("The simulation wants no answer to this request.")
            : await clients.RunAsync(low, parts.Stopping);
    }

    private async Task AnswerAsync(
        HttpContext context, Func<JsonObject, LowChunk> permit, Func<JsonArray, JsonNode> shape, int status)
    {
        List<JsonObject> chunks = await RequestBody.ReadAsync(context.Request, context.RequestAborted);
        string? session = context.Request.Headers["X-Auth-Token"].FirstOrDefault();
        if (await faults.StrikeBeforeAsync(context, chunks, session))
        {
            return;
        }

        JsonArray returned = [];
        foreach (JsonObject chunk in chunks)
        {
            returned.Add(await clients.RunAsync(permit(chunk), parts.Stopping));
        }

        if (!faults.StrikeAfter(context, chunks))
        {
            await Answers.WriteAsync(context, shape(returned), status);
        }
    }

    private static JsonObject Wrapped(JsonArray returned) => new() { ["return"] = returned };

    private LowChunk Permit(Session session, JsonObject chunk)
    {
        Clients.Check(chunk);
        bool isLocal = Json.TextOf(chunk["client"]).StartsWith("local", StringComparison.Ordinal);
        if (sessions.IsExpired(session))
        {
            throw new ApiError(
                401, isLocal ? "Authentication error occurred." : "Authentication failure of type \"token\" occurred.");
        }

        if (!session.Listed)
        {
            throw new ApiError(401, "Authorization error occurred.");
        }

        return new LowChunk { Body = chunk, User = session.User, Token = session.Token, MasterId = parts.Options.Name };
    }

    private LowChunk Permit(JsonObject chunk)
    {
        Clients.Check(chunk);
        if (chunk["token"] is { } token)
        {
            Session? found = sessions.FindToken(Json.TextOf(token));
            return Permit(found ?? throw new ApiError(401, "Authentication error occurred."), chunk);
        }

        if (chunk["eauth"] is null)
        {
            throw new ApiError(401, "No authentication credentials given");
        }

        return Permit(sessions.Authenticate(chunk) ?? throw new ApiError(401, "Authentication error occurred."), chunk);
    }
}
