using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Runners;

namespace Saltern.Simulator.SaltApi;

/// <summary>/login, /token and /logout.</summary>
internal sealed class LoginPages(Sessions sessions, RequestFaults faults, MasterJobs masterJobs)
{
    public static Task AskAsync(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Session";
        return Answers.WriteAsync(context, new JsonObject { ["status"] = null, ["return"] = "Please log in" });
    }

    public async Task LoginAsync(HttpContext context)
    {
        List<JsonObject> chunks = await RequestBody.ReadAsync(context.Request, context.RequestAborted);
        bool ends = await faults.StrikeLoginAsync(context)
            || await faults.StrikeBeforeAsync(context, [], session: null);
        if (ends)
        {
            return;
        }

        Session session = sessions.Authenticate(chunks.FirstOrDefault() ?? [])
            ?? throw new ApiError(401, "Could not authenticate using provided credentials");
        string id = sessions.Open(session, context.Request.Headers["X-Auth-Token"].FirstOrDefault());
        context.Response.Headers["X-Auth-Token"] = id;
        JsonNode permissions = session.Listed ? new JsonArray(".*", "@jobs", "@runner", "@wheel") : new JsonObject();
        await Answers.WriteAsync(context, new JsonObject
        {
            ["return"] = new JsonArray(new JsonObject
            {
                ["token"] = id,
                ["expire"] = Seconds(session.Expire),
                ["start"] = Seconds(session.Start),
                ["user"] = session.User,
                ["eauth"] = session.Eauth,
                ["perms"] = permissions,
            }),
        });
    }

    public async Task TokenAsync(HttpContext context)
    {
        JsonArray tokens = [];
        foreach (JsonObject chunk in await RequestBody.ReadAsync(context.Request, context.RequestAborted))
        {
            if (chunk["username"] is null || chunk["password"] is null || chunk["eauth"] is null)
            {
                throw new ApiError(400, "Require \"username\", \"password\", and \"eauth\" params");
            }

            Session session = sessions.Authenticate(chunk)
                ?? throw new ApiError(401, "Authentication failure of type \"eauth\" occurred.");
            JsonObject token = new()
            {
                ["start"] = Seconds(session.Start),
                ["expire"] = Seconds(session.Expire),
                ["name"] = session.User,
                ["eauth"] = session.Eauth,
                ["token"] = session.Token,
            };
            await masterJobs.StoreTokenAsync(session.User, chunk, token, context.RequestAborted);
            tokens.Add(token);
        }

        await Answers.WriteAsync(context, tokens);
    }

    public Task LogoutAsync(HttpContext context)
    {
        string? id = context.Request.Headers["X-Auth-Token"].FirstOrDefault();
        if (sessions.Find(id) is null)
        {
            throw new ApiError(401, "No permission -- see authorization schemes");
        }

        sessions.Close(id!);
        return Answers.WriteAsync(context, new JsonObject { ["return"] = "Your token has been cleared" });
    }

    private static double Seconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;
}
