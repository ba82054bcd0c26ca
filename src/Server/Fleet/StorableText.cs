namespace Saltern.Server.Fleet;

/// <summary>Text that PostgreSQL can hold: no NUL character, no half of a surrogate pair.</summary>
internal static class StorableText
{
    public const string Odd = "a character that no name can hold (NUL, or half of a surrogate pair)";

    /// <summary>The index of the first character that cannot be stored; null when there is none.</summary>
    public static int? FirstOdd(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (text[i] == '\0' || char.IsSurrogate(text[i]))
            {
                return i;
            }
        }

        return null;
    }
}
