using System.Net;
using System.Net.Http.Headers;

namespace Saltern.Server.Salt;

/// <summary>
/// A request body that knows whether its bytes began to leave, and leaves only once.
/// The handler asks for a body after it is connected, TLS included, so as long as nobody asked, the master cannot have
/// acted: that is the line between "not sent" and "unclear". A handler may send a request again by itself when a
/// kept connection turns out to be closed; for us that would be a second publication, so the second time fails.
/// </summary>
internal sealed class SentOnceContent : HttpContent
{
    private readonly byte[] body;

    public SentOnceContent(byte[] body)
    {
        this.body = body;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    public bool Started { get; private set; }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        await SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Started)
        {
            throw new HttpRequestException("The connection was closed after the request had been sent.");
        }
        Started = true;
        await stream.WriteAsync(body, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}
