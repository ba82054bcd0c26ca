using System.Text.Json;

namespace Saltern.Server.Salt;

/// <summary>
/// A failure that Salt itself words on the minion, in place of a function's result. Such a return has the outputter
/// `nested`, which no output of a command has, however it may begin.
/// </summary>
internal sealed record MinionFault(MinionFaultKind Kind, string Reason)
{
    private const int MaxLength = 2_000;

    private static readonly (string Prefix, MinionFaultKind Kind)[] Prefixes =
    [
        ("Passed invalid arguments to ", MinionFaultKind.InvalidArguments),
        ("The minion function caused an exception: ", MinionFaultKind.Exception),
        ("Command required for ", MinionFaultKind.MissingCommand),
        ("ERROR executing ", MinionFaultKind.InvalidArguments),
        ("ERROR: ", MinionFaultKind.Error),
    ];

    /// <summary>The fault that a return tells of, or null if it has a result of its function's own.</summary>
    public static MinionFault? Find(MinionReturn answer)
    {
        if (answer.Success || answer.Outputter is not "nested")
        {
            return null;
        }
        return answer.Return.ValueKind switch
        {
            JsonValueKind.String => OfText(SaltJson.Text(answer.Return)!),
            // The module is there but the function is not: the module's documentation, and this among it.
            JsonValueKind.Object when answer.Function is { } function =>
                SaltJson.Text(SaltJson.Member(answer.Return, function)) is { } text ? OfMissing(text) : null,
            _ => null,
        };
    }

    private static MinionFault? OfText(string text)
    {
        foreach (var (prefix, kind) in Prefixes)
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal))
            {
                return new MinionFault(kind, Cut(kind is MinionFaultKind.Error ? text : Traceback.Short(text)));
            }
        }
        return OfMissing(text);
    }

    private static MinionFault? OfMissing(string text) =>
        text.Contains("' is not available.", StringComparison.Ordinal)
        || text.Contains("' __virtual__ returned False", StringComparison.Ordinal)
            ? new MinionFault(MinionFaultKind.MissingFunction, Cut(text))
            : null;

    private static string Cut(string text) => text.Length <= MaxLength ? text : text[..MaxLength] + "…";
}
