using System.Globalization;
using System.Text;

namespace Saltern.Server.Fleet;

/// <summary>
/// Globs as Python's fnmatch has them (<c>*</c>, <c>?</c>, <c>[abc]</c>, <c>[!abc]</c>), turned into regular
/// expressions of PostgreSQL. Every character that is not a letter or digit is escaped, so nothing in a glob can
/// become an operator.
/// </summary>
internal static class SaltGlob
{
    /// <summary>Whether the glob can match one text only, namely itself.</summary>
    public static bool IsLiteral(string glob) => glob.IndexOfAny(['*', '?', '[']) < 0;

    /// <summary>The regular expression, without anchors at both ends.</summary>
    public static string ToRegex(string glob)
    {
        var regex = new StringBuilder(glob.Length + 16);
        for (var i = 0; i < glob.Length; i++)
        {
            switch (glob[i])
            {
                case '*':
                    regex.Append(".*");
                    break;
                case '?':
                    regex.Append('.');
                    break;
                case '[' when EndOfSet(glob, i) is var close and > 0:
                    AppendSet(regex, glob[(i + 1)..close]);
                    i = close;
                    break;
                default:
                    AppendLiteral(regex, glob, ref i);
                    break;
            }
        }

        return regex.ToString();
    }

    /// <summary>
    /// A bracket right after <c>[</c> or <c>[!</c> is a member, not the end; without an end <c>[</c> is itself.
    /// </summary>
    private static int EndOfSet(string glob, int open)
    {
        var from = open + 1;
        if (from < glob.Length && glob[from] == '!')
        {
            from++;
        }

        return from + 1 < glob.Length ? glob.IndexOf(']', from + 1) : -1;
    }

    private static void AppendSet(StringBuilder regex, string set)
    {
        var negated = set[0] == '!';
        var members = new StringBuilder();
        var runes = (negated ? set[1..] : set).EnumerateRunes().ToList();
        for (var i = 0; i < runes.Count; i++)
        {
            var last = i + 2 < runes.Count && runes[i + 1].Value == '-' ? runes[i + 2] : runes[i];
            if (last != runes[i] || (i + 2 < runes.Count && runes[i + 1].Value == '-'))
            {
                AppendRange(members, runes[i], last);
                i += 2;
            }
            else
            {
                AppendMember(members, runes[i]);
            }
        }

        // A set that is left empty ([z-a]) matches no character, and its negation any one.
        regex.Append((negated, members.Length) switch
        {
            (false, 0) => "(?!)",
            (true, 0) => ".",
            (true, _) => $"[^{members}]",
            _ => $"[{members}]",
        });
    }

    private static void AppendRange(StringBuilder members, Rune first, Rune last)
    {
        if (first <= last)
        {
            AppendMember(members, first);
            members.Append('-');
            AppendMember(members, last);
        }
    }

    private static void AppendMember(StringBuilder members, Rune rune) =>
        members.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");

    private static void AppendLiteral(StringBuilder regex, string glob, ref int i)
    {
        var rune = Rune.GetRuneAt(glob, i);
        i += rune.Utf16SequenceLength - 1;
        if (rune.IsAscii && !Rune.IsLetterOrDigit(rune))
        {
            regex.Append('\\');
        }

        regex.Append(rune.ToString());
    }
}
