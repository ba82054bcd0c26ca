using System.Net;
using System.Security.Authentication;

namespace Saltern.Server.Salt;

/// <summary>
/// Posts one body to one master and tells how that ended. It never tries again and never throws for what a network
/// can do; only the caller's own cancellation is thrown.
/// </summary>
internal sealed class SaltTransport(SaltMasterOptions options, IHttpClientFactory clients)
{
    /// <summary>Of an error page more is not read.</summary>
    private const int MaxErrorBytes = 65_536;

    /// <summary>
    /// Above this (salt-api's own limit unless raised) the master is asked before the body is sent; else it would
    /// answer 413 and cut the connection while we still write, and nobody could tell what happened.
    /// </summary>
    private const int AskFirstBytes = 1_000_000;

    public static string ClientName(string master) => $"salt:{master}";

    public async Task<SaltExchange> PostAsync(string path, byte[] body, string? token, SaltDeadline deadline)
    {
        using var content = new SentOnceContent(body);
        using var request = Request(path, content, token, body.Length > AskFirstBytes);
        try
        {
            using var client = clients.CreateClient(ClientName(options.Name));
            using var response = await client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            return await ReadAsync(response, deadline);
        }
        catch (OperationCanceledException error)
        {
            deadline.Caller.ThrowIfCancellationRequested();
            return Ended(content, TimedOutReason(error, deadline));
        }
        catch (Exception error) when (error is HttpRequestException or IOException or AuthenticationException)
        {
            return Ended(content, Words(error));
        }
    }

    private HttpRequestMessage Request(string path, SentOnceContent content, string? token, bool askFirst)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Address(path))
        {
            Content = content,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.ExpectContinue = askFirst;
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Auth-Token", token);
        }
        return request;
    }

    private Uri Address(string path) => new(new Uri(options.Url.TrimEnd('/') + '/'), path);

    private async Task<SaltExchange> ReadAsync(HttpResponseMessage response, SaltDeadline deadline)
    {
        var status = (int)response.StatusCode;
        if (!response.IsSuccessStatusCode)
        {
            return new SaltExchange.Answered(status, await ReadErrorAsync(response, deadline));
        }
        using var body = new MemoryStream();
        return await ReadUpToAsync(response, body, options.MaxResponseBytes, deadline.Token)
            ? new SaltExchange.Answered(status, body.ToArray())
            : new SaltExchange.Lost(
                SaltFailure.Unreadable, $"The answer is larger than {options.MaxResponseBytes} bytes.");
    }

    // The status of an error decides; its page only words the reason, so a page that breaks off costs nothing.
    private static async Task<byte[]> ReadErrorAsync(HttpResponseMessage response, SaltDeadline deadline)
    {
        using var body = new MemoryStream();
        try
        {
            await ReadUpToAsync(response, body, MaxErrorBytes, deadline.Token);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            deadline.Caller.ThrowIfCancellationRequested();
        }
        return body.ToArray();
    }

    private static async Task<bool> ReadUpToAsync(
        HttpResponseMessage response, MemoryStream body, int limit, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[16_384];
        while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            if (body.Length + read > limit)
            {
                return false;
            }
            body.Write(buffer, 0, read);
        }
        return true;
    }

    private static SaltExchange Ended(SentOnceContent content, string reason) => content.Started
        ? new SaltExchange.Lost(SaltFailure.NoAnswer, reason)
        : new SaltExchange.NotSent(SaltFailure.Unreachable, reason);

    // A time-out of connecting comes as a cancellation as well, with a TimeoutException inside and no token of ours.
    private static string TimedOutReason(OperationCanceledException error, SaltDeadline deadline) =>
        error.InnerException is TimeoutException && !deadline.Token.IsCancellationRequested
            ? error.InnerException.Message
            : $"No answer within {deadline.Time.TotalSeconds:0.###} s.";

    private static string Words(Exception error)
    {
        var innermost = error.GetBaseException();
        return ReferenceEquals(innermost, error) || error.Message.Contains(innermost.Message, StringComparison.Ordinal)
            ? error.Message
            : $"{error.Message} {innermost.Message}";
    }
}
