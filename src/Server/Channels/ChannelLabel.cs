namespace Saltern.Server.Channels;

/// <summary>What the label of a software channel may be.</summary>
internal static class ChannelLabel
{
    public const string Allowed = "up to 200 letters, digits and the characters - _ . : + are allowed.";

    private const int Longest = 200;

    public static bool IsOne(string text) => text is { Length: > 0 and <= Longest }
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or ':' or '+');
}
