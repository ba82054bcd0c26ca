using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Channels;

/// <summary>
/// Looks whether an address holds a repository: whether <c>repodata/repomd.xml</c> is there and is one. A portal that
/// answers everything with its sign-in page is none. Asked from the server, with the credentials that minions are
/// given. Redirections are followed here, so that credentials go to the addresses that they are for and to no others.
/// </summary>
internal sealed class RepositoryProbe(
    IHttpClientFactory clients, ChannelCredentials credentials, IOptions<ChannelsOptions> options, TimeProvider clock)
{
    public const string ClientName = "Channels";

    private const int BytesRead = 8_192;
    private const int MostRedirections = 5;
    private const string File = "repodata/repomd.xml";

    public async Task<(bool Available, string? Reason)> LookAsync(string url, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            return (false, "only http and https can be checked");
        }

        using var timer = new CancellationTokenSource(options.Value.CheckTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await AskAsync(FileAt(address), either.Token);
        }
        catch (HttpRequestException problem)
        {
            return (false, Plain(problem.InnerException?.Message ?? problem.Message));
        }
        catch (IOException problem)
        {
            return (false, Plain(problem.Message));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, string.Create(
                CultureInfo.InvariantCulture, $"no answer within {options.Value.CheckTimeout.TotalSeconds:0.###} s"));
        }
    }

    private async Task<(bool Available, string? Reason)> AskAsync(Uri file, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(ClientName);
        using var answer = await FollowAsync(client, file, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            var code = (int)answer.StatusCode;
            return (false, answer.StatusCode switch
            {
                HttpStatusCode.NotFound => "there is no repodata/repomd.xml (404)",
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"the server is not let in ({code})",
                _ => $"it was answered with {code}",
            });
        }

        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var start = new byte[BytesRead];
        var read = await body.ReadAtLeastAsync(start, BytesRead, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(start, 0, read).Contains("<repomd", StringComparison.Ordinal)
            ? (true, null)
            : (false, "what is at repodata/repomd.xml is none");
    }

    private async Task<HttpResponseMessage> FollowAsync(
        HttpClient client, Uri file, CancellationToken cancellationToken)
    {
        for (var redirections = 0; ; redirections++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, file);
            AddCredentials(request);
            var answer = await client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (redirections == MostRedirections || (int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308)
                || answer.Headers.Location is not { } location)
            {
                return answer;
            }

            var next = new Uri(file, location);
            if (next.Scheme is not ("http" or "https") || file.Scheme is "https" && next.Scheme is "http")
            {
                return answer;
            }

            answer.Dispose();
            file = next;
        }
    }

    private void AddCredentials(HttpRequestMessage request)
    {
        switch (credentials.For(request.RequestUri!.AbsoluteUri))
        {
            case { Username: { } user } known:
                request.Headers.Authorization = new AuthenticationHeaderValue(
                    "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{known.Secret}")));
                break;
            case { Header: { } header } known:
                request.Headers.TryAddWithoutValidation(header, known.Secret);
                break;
        }
    }

    /// <summary>
    /// A query (a token, say) stays; which file of the minion has the credentials is not for the channel to know.
    /// </summary>
    private static Uri FileAt(Uri channel) => new UriBuilder(channel)
    {
        Path = $"{channel.AbsolutePath.TrimEnd('/')}/{File}",
        Query = string.Join('&', channel.Query.TrimStart('?').Split('&').Where(
            part => !part.StartsWith("credentials=", StringComparison.Ordinal))),
    }.Uri;

    private static string Plain(string text) =>
        new([.. text.Take(300).Select(letter => char.IsControl(letter) ? ' ' : letter)]);
}
