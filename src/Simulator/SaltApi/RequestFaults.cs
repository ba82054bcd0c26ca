using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Saltern.Simulator.Faults;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.SaltApi;

/// <summary>The faults that strike a request, before and after what it asks for was done.</summary>
internal sealed class RequestFaults(SimulatorParts parts, Sessions sessions)
{
    private static readonly TimeSpan MasterPatience = TimeSpan.FromSeconds(15);

    private long held;

    /// <summary>How many requests were kept waiting so far.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <summary>True if the request ends here.</summary>
    public async Task<bool> StrikeBeforeAsync(HttpContext context, List<JsonObject> chunks, string? session)
    {
        if (parts.Faults.All().Count == 0)
        {
            return false;
        }

        if (Strikes(FaultNames.Hang, chunks))
        {
            await HangAsync(context);
            return true;
        }

        if (Strikes(FaultNames.DropBeforePublish, chunks))
        {
            context.Abort();
            return true;
        }

        if (parts.Faults.Find(FaultNames.MasterDown) is { } down && chunks.Count > 0)
        {
            Interlocked.Increment(ref held);
            await Task.Delay(
                down.Seconds > 0 ? down.Length : MasterPatience, parts.Clock, context.RequestAborted);
            throw new ServerError();
        }

        Refuse(chunks, session);
        return false;
    }

    /// <summary>True if there is no answer although all was done.</summary>
    public bool StrikeAfter(HttpContext context, List<JsonObject> chunks)
    {
        if (Strikes(FaultNames.Http500AfterPublish, chunks))
        {
            throw new ServerError();
        }

        if (!Strikes(FaultNames.AnswerThenDrop, chunks))
        {
            return false;
        }

        context.Abort();
        return true;
    }

    public async Task<bool> StrikeLoginAsync(HttpContext context)
    {
        bool hangs = parts.Faults.IsSet(FaultNames.MasterDown) || Strikes(FaultNames.LoginHang, []);
        if (hangs)
        {
            await HangAsync(context);
        }

        return hangs;
    }

    private void Refuse(List<JsonObject> chunks, string? session)
    {
        if (Strikes(FaultNames.Http500BeforePublish, chunks))
        {
            throw new ServerError();
        }

        if (Strikes(FaultNames.Http403, chunks))
        {
            throw new ApiError(403, "Forbidden");
        }

        if (Strikes(FaultNames.Html502, chunks))
        {
            throw new ApiError(502, "The proxy server received an invalid response from an upstream server.");
        }

        if (session is not null && Strikes(FaultNames.NotPermitted, chunks))
        {
            throw new ApiError(401, "Authorization error occurred.");
        }

        if (session is not null && Strikes(FaultNames.Http401, chunks))
        {
            sessions.Close(session);
            throw new ApiError(401, "No permission -- see authorization schemes");
        }
    }

    private bool Strikes(string name, List<JsonObject> chunks) =>
        parts.Faults.StrikeRequest(
            name,
            chunks.Select(chunk => Json.TextOf(chunk["fun"])).FirstOrDefault(),
            () => chunks.SelectMany(chunk => Targets.NamesOf(chunk["tgt"]))) is not null;

    private async Task HangAsync(HttpContext context)
    {
        Interlocked.Increment(ref held);
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = context.RequestAborted.Register(
            () => gone.TrySetResult());
        await gone.Task;
    }
}
