using System.CommandLine;
using System.Net.Http.Headers;

namespace Saltern.Cli.Client;

/// <summary>The options that say which server, and as whom.</summary>
internal static class Connection
{
    private const string DefaultServer = "http://127.0.0.1:8070";

    public static readonly Option<string?> Server = new("--server")
    {
        Description = $"Address of the server; or SALTERN_SERVER; else {DefaultServer}.", Recursive = true,
    };

    public static readonly Option<string?> Token = new("--token")
    {
        Description = "Token to show; or SALTERN_TOKEN. Others see it in the list of processes: prefer --token-file.",
        Recursive = true,
    };

    public static readonly Option<string?> TokenFile = new("--token-file")
    {
        Description = "File that holds the token.", Recursive = true,
    };

    public static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "table or json.", Recursive = true, DefaultValueFactory = _ => "table",
    };

    static Connection() => Output.AcceptOnlyFromAmong("table", "json");

    public static Api Open(ParseResult parsed)
    {
        var server = parsed.GetValue(Server) ?? Environment.GetEnvironmentVariable("SALTERN_SERVER") ?? DefaultServer;
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new CliFailure(
                ExitCodes.Usage, $"'{server}' is not an address of a server, such as {DefaultServer}.");
        }

        if (address.PathAndQuery != "/")
        {
            throw new CliFailure(
                ExitCodes.Usage,
                $"'{server}' has a path; a server is reached at the root of an address, such as {DefaultServer}.");
        }

        var client = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (ReadToken(parsed) is { } token)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return new Api(client);
    }

    public static bool WantsJson(ParseResult parsed) => parsed.GetValue(Output) == "json";

    private static string? ReadToken(ParseResult parsed)
    {
        if (parsed.GetValue(TokenFile) is not { } file)
        {
            return parsed.GetValue(Token) ?? Environment.GetEnvironmentVariable("SALTERN_TOKEN");
        }

        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCodes.Usage, $"The token cannot be read: {error.Message}");
        }
    }
}
