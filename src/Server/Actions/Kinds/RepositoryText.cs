using System.Text.Json;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>Texts about products and repositories, short enough to keep for each minion of a fleet.</summary>
internal static class RepositoryText
{
    private const int Longest = 500;

    /// <summary>The text of a member; null where it is none, empty, or too long to be meant.</summary>
    public static string? Of(JsonElement owner, string member) => Kept(SaltJson.Text(SaltJson.Member(owner, member)));

    public static string? Kept(string? text) =>
        text is { Length: > 0 and <= Longest } && !text.Contains('\0', StringComparison.Ordinal) ? text : null;

    /// <summary>
    /// An address without what may be a credential: user and password before the host, and the query, where SUSE
    /// Manager and SUSE Customer Center put tokens.
    /// </summary>
    public static string? WithoutSecrets(string? url)
    {
        if (url is null)
        {
            return null;
        }

        var plain = url.Split('?', '#')[0];
        var authority = plain.IndexOf("://", StringComparison.Ordinal) + 3;
        if (authority < 3)
        {
            return Kept(plain);
        }

        var end = plain.IndexOf('/', authority) is var slash && slash < 0 ? plain.Length : slash;
        var at = plain.LastIndexOf('@', end - 1, end - authority);
        return Kept(at < 0 ? plain : plain[..authority] + plain[(at + 1)..]);
    }
}
