using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Saltern.Server.Salt;

/// <summary>
/// The name a minion gives itself. Salt keeps its key in a file of that name, which bounds what it may be; a comma is
/// out because Salt's own target lists and key matches are split at it.
/// </summary>
internal readonly record struct MinionId
{
    public const int MaxLength = 255;

    private readonly string? value;

    private MinionId(string value) => this.value = value;

    public string Value => value ?? "";

    /// <summary>Takes text that is known to be a minion id, from our own tables say.</summary>
    public static MinionId Parse(string text) => TryParse(text, out var id)
        ? id
        : throw new FormatException($"'{text}' is not a minion id: {Allowed}");

    public static bool TryParse([NotNullWhen(true)] string? text, out MinionId id)
    {
        id = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength || text is "." or ".." || text.Trim() != text)
        {
            return false;
        }
        if (text.EnumerateRunes().Any(IsForbidden))
        {
            return false;
        }
        id = new MinionId(text);
        return true;
    }

    /// <summary>What a minion id may be, for a message to the person who sent something else.</summary>
    public static string Allowed =>
        $"1 to {MaxLength} characters, no slash, backslash, comma or control character, no space at either end.";

    public override string ToString() => Value;

    private static bool IsForbidden(Rune rune) =>
        Rune.IsControl(rune) || rune == Rune.ReplacementChar || rune.Value is '/' or '\\' or ',';
}
