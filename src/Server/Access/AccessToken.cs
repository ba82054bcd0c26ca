using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Saltern.Server.Access;

/// <summary>
/// The text of a token: 256 random bits after a prefix that secret scanners can look for. Only its SHA-256 is kept, and
/// it is found by that hash, so how long the look-up takes says nothing about the token.
/// </summary>
internal static class AccessToken
{
    public const string Prefix = "slt_";

    private const int RandomBytes = 32;
    private const int Length = 47;

    public static string Create() =>
        Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    public static bool HasShape(string text) =>
        text.Length == Length && text.StartsWith(Prefix, StringComparison.Ordinal)
        && text[Prefix.Length..].All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
