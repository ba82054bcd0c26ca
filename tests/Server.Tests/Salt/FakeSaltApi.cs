using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Saltern.Server.Tests.Salt;

/// <summary>
/// A salt-api on a real socket that answers each request as the test says and may cut, reset or hang wherever it
/// likes. It keeps what it heard, so a test can count how often a job would have been published.
/// </summary>
internal sealed class FakeSaltApi : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<HeardRequest> heard = new();
    private readonly SemaphoreSlim arrivals = new(0);
    private readonly ConcurrentBag<Task> connections = [];
    private readonly Func<HeardRequest, FakeReply> answer;
    private readonly X509Certificate2? certificate;
    private readonly Task accepting;

    public FakeSaltApi(Func<HeardRequest, FakeReply> answer, X509Certificate2? certificate = null)
    {
        this.answer = answer;
        this.certificate = certificate;
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Url = $"{(certificate is null ? "http" : "https")}://127.0.0.1:{port}/";
        accepting = AcceptAsync();
    }

    /// <summary>Logs everybody in, and answers everything else with this.</summary>
    public FakeSaltApi(FakeReply jobs, X509Certificate2? certificate = null)
        : this(request => request.IsLogin ? FakeReply.LoggedIn : jobs, certificate)
    {
    }

    public string Url { get; }

    public IReadOnlyList<HeardRequest> Jobs => [.. heard.Where(request => !request.IsLogin)];

    public IReadOnlyList<HeardRequest> Logins => [.. heard.Where(request => request.IsLogin)];

    /// <summary>Waits until this many requests have arrived since last asked.</summary>
    public async Task ArrivedAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await arrivals.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting;
        listener.Dispose();
        await Task.WhenAll(connections);
        arrivals.Dispose();
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                connections.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = await OpenAsync(client);
                using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
                while (await HearAsync(reader) is { } request && await ReplyAsync(client, stream, request))
                {
                }
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or SocketException
                or System.Security.Authentication.AuthenticationException)
            {
                // The other side went away, or would not trust us; the test looks at its end of it.
            }
        }
    }

    private async Task<Stream> OpenAsync(TcpClient client)
    {
        if (certificate is null)
        {
            return client.GetStream();
        }
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop.Token);
        return tls;
    }

    private async Task<HeardRequest?> HearAsync(StreamReader reader)
    {
        if (await reader.ReadLineAsync(stop.Token) is not { Length: > 0 } line)
        {
            return null;
        }
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 } header)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            headers[header[..colon]] = header[(colon + 1)..].Trim();
        }
        var body = new char[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await reader.ReadBlockAsync(body, stop.Token);
        var request = new HeardRequest(
            line, headers, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body)));
        heard.Enqueue(request);
        arrivals.Release();
        return request;
    }

    private async Task<bool> ReplyAsync(TcpClient client, Stream stream, HeardRequest request)
    {
        var reply = answer(request);
        await stream.WriteAsync(reply.Bytes, stop.Token);
        switch (reply.Ending)
        {
            case FakeEnding.Hang:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token);
                return false;
            case FakeEnding.Endless:
                await PourAsync(stream);
                return false;
            case FakeEnding.Reset:
                client.LingerState = new LingerOption(true, 0);
                return false;
            default:
                return reply.Ending is FakeEnding.KeepOpen;
        }
    }

    private async Task PourAsync(Stream stream)
    {
        var more = Encoding.ASCII.GetBytes(new string('x', 16_384));
        while (true)
        {
            await stream.WriteAsync(more, stop.Token);
        }
    }
}
