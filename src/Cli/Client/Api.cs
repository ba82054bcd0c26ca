using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saltern.Contract;

namespace Saltern.Cli.Client;

/// <summary>Calls the REST interface, and turns each refusal into a sentence and an exit code.</summary>
internal sealed class Api(HttpClient client) : IDisposable
{
    private const int AsksFirstFrom = 1_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        SendAsync<T>(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    public Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellationToken) =>
        SendAsync<T>(Request(HttpMethod.Post, path, body), cancellationToken);

    public Task<T> PutAsync<T>(string path, object body, CancellationToken cancellationToken) =>
        SendAsync<T>(Request(HttpMethod.Put, path, body), cancellationToken);

    public async Task PutAsync(string path, object body, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(
            Request(HttpMethod.Put, path, body), HttpCompletionOption.ResponseContentRead, cancellationToken);
    }

    public async Task PostAsync(string path, object? body, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(
            Request(HttpMethod.Post, path, body), HttpCompletionOption.ResponseContentRead, cancellationToken);
    }

    /// <summary>Sends a file as it is; the server says what it makes of it.</summary>
    public async Task<T> PostFileAsync<T>(string path, string file, CancellationToken cancellationToken)
    {
        await using var content = OpenFile(file);
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StreamContent(content) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.ExpectContinue = content.Length > AsksFirstFrom;
        return await SendAsync<T>(request, cancellationToken);
    }

    public async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(
            new HttpRequestMessage(HttpMethod.Delete, path), HttpCompletionOption.ResponseContentRead,
            cancellationToken);
    }

    /// <summary>Every page of a list, up to so many entries.</summary>
    public async Task<List<T>> ListAsync<T>(string path, int most, CancellationToken cancellationToken)
    {
        var all = new List<T>();
        string? after = null;
        do
        {
            var query =
                $"{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit={Math.Min(1000, most - all.Count)}"
                + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}");
            var page = await GetAsync<Page<T>>(path + query, cancellationToken);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null && all.Count < most);

        return all;
    }

    /// <summary>An open answer, for streams and downloads; the caller disposes it.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken) => SendAsync(
        new HttpRequestMessage(HttpMethod.Get, path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public void Dispose() => client.Dispose();

    private static FileStream OpenFile(string file)
    {
        try
        {
            return File.OpenRead(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCodes.Usage, $"The file cannot be read: {error.Message}");
        }
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, object? body)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), ContractJson.Options);
            request.Content = new ByteArrayContent(json);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            // A server that refuses a large body says so before it is sent, instead of cutting the connection.
            request.Headers.ExpectContinue = json.Length > AsksFirstFrom;
        }

        return request;
    }

    private async Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        try
        {
            return await answer.Content.ReadFromJsonAsync<T>(ContractJson.Options, cancellationToken)
                ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw new CliFailure(
                ExitCodes.NotReachable,
                $"What answers at {client.BaseAddress} is not a server of this version of Saltern.");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, HttpCompletionOption until, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        HttpResponseMessage answer;
        try
        {
            using (request)
            {
                answer = await client.SendAsync(request, until, either.Token);
            }
        }
        catch (HttpRequestException error)
        {
            throw new CliFailure(
                ExitCodes.NotReachable, $"The server at {client.BaseAddress} cannot be reached: {error.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliFailure(
                ExitCodes.NotReachable,
                $"The server at {client.BaseAddress} gave no answer in {Patience.TotalSeconds:0} s.");
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw await FailureOfAsync(answer, cancellationToken);
        }
    }

    private static async Task<CliFailure> FailureOfAsync(
        HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var problem = await ProblemOfAsync(answer, cancellationToken);
        var sentences = problem?.Errors is { Count: > 0 } errors
            ? errors.SelectMany(error => error.Value.Select(message => $"{error.Key}: {message}"))
            : [problem?.Detail ?? $"The server answered {(int)answer.StatusCode} {answer.ReasonPhrase}."];
        var code = answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCodes.NotAllowed,
            HttpStatusCode.NotFound => ExitCodes.NotFound,
            >= HttpStatusCode.InternalServerError => ExitCodes.NotReachable,
            _ => ExitCodes.Usage,
        };
        return new CliFailure(code, string.Join(Environment.NewLine, sentences));
    }

    private static async Task<Problem?> ProblemOfAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return null;
        }

        try
        {
            return await answer.Content.ReadFromJsonAsync<Problem>(ContractJson.Options, cancellationToken);
        }
        catch (JsonException)
        {
            // The status alone has to do.
            return null;
        }
    }
}
