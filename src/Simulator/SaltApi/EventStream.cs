using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.SaltApi;

/// <summary>GET /events: the master's event bus as server-sent events, with Salt's extra line for the tag.</summary>
internal sealed class EventStream(Lowstate lowstate, EventBus bus)
{
    public async Task StreamAsync(HttpContext context)
    {
        lowstate.SessionOf(context);
        CancellationToken gone = context.RequestAborted;
        Channel<(string Tag, string Body)> listener = bus.Listen();
        try
        {
            context.Response.ContentType = "text/event-stream;charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers.Allow = "GET, HEAD";
            await context.Response.WriteAsync("retry: 400\n", gone);
            await context.Response.Body.FlushAsync(gone);
            await foreach ((string tag, string body) in listener.Reader.ReadAllAsync(gone))
            {
                await context.Response.WriteAsync(
                    $"tag: {tag}\ndata: {{\"data\": {body}, \"tag\": {Json.Quote(tag)}}}\n\n", gone);
                await context.Response.Body.FlushAsync(gone);
            }
        }
        finally
        {
            bus.Leave(listener);
        }
    }
}
