using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Saltern.Server.Tests.Salt;

/// <summary>
/// What salt-api's web server does with a request above its limit: it reads the headers, answers 413 and closes,
/// without a look at the body.
/// </summary>
internal sealed class TooLargeForMe : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;

    public TooLargeForMe()
    {
        listener.Start();
        serving = ServeAsync();
    }

    public string Url => $"http://{listener.LocalEndpoint}/";

    /// <summary>Whether the large request waited for leave to send its body.</summary>
    public bool WasAsked { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        listener.Dispose();
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(stop.Token);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, stop.Token);
            head.Append((char)one[0]);
        }
        if (!head.ToString().StartsWith("POST /login ", StringComparison.Ordinal))
        {
            WasAsked = head.ToString().Contains("Expect: 100-continue", StringComparison.OrdinalIgnoreCase);
            var tooLarge = FakeReply.Text("413 Request Entity Too Large", "Connection: close", "Too large.");
            await stream.WriteAsync(tooLarge.Bytes, stop.Token);
            return;
        }
        while (one[0] != '}') // The end of the login's body.
        {
            await stream.ReadExactlyAsync(one, stop.Token);
        }
        await stream.WriteAsync(FakeReply.LoggedIn.Bytes, stop.Token);
    }
}
