namespace Saltern.Server.Channels;

/// <summary>Credentials for channels whose addresses begin alike: an entry of the settings' list.</summary>
internal sealed class ChannelCredentialOptions
{
    public const string Section = $"{ChannelsOptions.Section}:Credentials:0";

    /// <summary>
    /// Addresses that begin with it, as mirrored, are fetched with these credentials; of several the longest counts. It
    /// ends with a slash: https://host would be the beginning of https://host.elsewhere.
    /// </summary>
    public string Prefix { get; set; } = "";

    /// <summary>The user of basic authentication.</summary>
    public string? Username { get; set; }

    /// <summary>
    /// Instead of a user: the name of a header that is sent with each request; the secret is its value.
    /// </summary>
    public string? Header { get; set; }

    public string? PasswordFile { get; set; }

    public string? PasswordEnvironment { get; set; }

    /// <summary>
    /// Taken from environment variables (SALTERN__CHANNELS__CREDENTIALS__0__PASSWORD) and nowhere else.
    /// </summary>
    public string? Password { get; set; }
}
