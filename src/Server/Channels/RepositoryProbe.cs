using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Channels;

/// <summary>
/// Looks whether an address holds a repository: whether <c>repodata/repomd.xml</c> is there and is one. A portal that
/// answers everything with its sign-in page is none. Asked from the server: a minion may be let in where it is not.
/// </summary>
internal sealed class RepositoryProbe(
    IHttpClientFactory clients, IOptions<ChannelsOptions> options, TimeProvider clock)
{
    public const string ClientName = "Channels";

    private const int BytesRead = 8_192;

    public async Task<(bool Available, string? Reason)> LookAsync(string url, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(url.EndsWith('/') ? url : $"{url}/", UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https"))
        {
            return (false, "only http and https can be checked");
        }

        using var timer = new CancellationTokenSource(options.Value.CheckTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            return await AskAsync(new Uri(address, "repodata/repomd.xml"), either.Token);
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
        using var answer = await client.GetAsync(file, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
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

    private static string Plain(string text) =>
        new([.. text.Take(300).Select(letter => char.IsControl(letter) ? ' ' : letter)]);
}
