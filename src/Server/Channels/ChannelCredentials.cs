using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Server.Settings;

namespace Saltern.Server.Channels;

/// <summary>
/// Credentials for channels. They are in the settings, as the passwords of masters are, and join a call as it leaves:
/// no table has them (docs/decisions/0026). What was readable when the server started and is not any more counts with
/// its last value, so that a call which is due never fails for it here.
/// </summary>
internal sealed partial class ChannelCredentials
{
    private readonly ConcurrentDictionary<string, string> lastRead = [];
    private readonly IOptions<ChannelsOptions> options;
    private readonly ILogger<ChannelCredentials> log;

    public ChannelCredentials(IOptions<ChannelsOptions> options, ILogger<ChannelCredentials> log)
    {
        this.options = options;
        this.log = log;
        foreach (var entry in options.Value.Credentials)
        {
            Read(entry);
        }
    }

    /// <summary>The credentials for an address as it is fetched; null where none are set for it.</summary>
    public ChannelCredential? For(string url)
    {
        var plain = Plain(url);
        var found = options.Value.Credentials
            .Where(one => plain.StartsWith(Plain(one.Prefix), StringComparison.Ordinal))
            .MaxBy(one => one.Prefix.Length);
        return found is null ? null : new ChannelCredential(found.Username, found.Header, Read(found));
    }

    private string Read(ChannelCredentialOptions entry)
    {
        if (Secret.TryRead(
            entry.PasswordFile, entry.PasswordEnvironment, entry.Password, out var secret, out var problem))
        {
            lastRead[entry.Prefix] = secret;
            return secret;
        }

        LogUnreadable(entry.Prefix, problem);
        return lastRead.GetValueOrDefault(entry.Prefix, "");
    }

    /// <summary>As it is asked for: HTTPS://Host/a/../b/ is https://host/b/.</summary>
    private static string Plain(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) ? address.AbsoluteUri : url;

    [LoggerMessage(LogLevel.Warning, "The credentials for {Prefix} cannot be read; the last ones count ({Problem})")]
    private partial void LogUnreadable(string prefix, string problem);
}
