using System.Text.Json;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// What all returns have in common: whether the minion calls it a success, and, where it does not, a reason that fits
/// into one line.
/// </summary>
internal static class ReturnReading
{
    private const string Error = "ERROR: ";

    /// <summary>Whether the minion calls it a success. For some functions that is not the truth.</summary>
    public static bool WentWell(MinionReturn returned) => returned is { Success: true, RetCode: null or 0 };

    /// <summary>The text of a result that is text, or a list of texts; null when it is neither.</summary>
    public static string? TextOf(JsonElement result)
    {
        if (result.ValueKind is not JsonValueKind.Array)
        {
            return SaltJson.Text(result);
        }
        var texts = result.EnumerateArray().Select(SaltJson.Text).ToList();
        return texts.Count > 0 && texts.TrueForAll(text => text is not null) ? string.Join('\n', texts) : null;
    }

    /// <summary>Failed, for the reason that is in the result.</summary>
    public static TargetOutcome.Failed Failed(MinionReturn returned) => new(Reason(returned));

    /// <summary>Why it failed, on one line.</summary>
    public static string Reason(MinionReturn returned)
    {
        var text = TextOf(returned.Return);
        var reason = MinionFault.Find(returned) switch
        {
            { Kind: MinionFaultKind.MissingFunction } fault =>
                $"missing on the minion: {ReasonText.FirstLine(fault.Reason)}",
            // The fault holds the beginning of the text; what the command complained of may come later.
            { Kind: MinionFaultKind.Error } when text is not null => Reason(text),
            { } fault => fault.Reason,
            null when string.IsNullOrWhiteSpace(text) => WithoutText(returned),
            null => Reason(text),
        };
        return ReasonText.Short(reason);
    }

    /// <summary>The point of a text in which Salt says what went wrong.</summary>
    public static string Reason(string text)
    {
        if (CouldNotStart(text) is { } cause)
        {
            return $"could not be started: {ReasonText.FirstLine(cause)}";
        }
        var plain = text.StartsWith(Error, StringComparison.Ordinal) ? text[Error.Length..] : text;
        return CommandReport.TryRead(plain) is { } report ? report.Reason : ReasonText.FirstLine(plain);
    }

    /// <summary>Any value on one line, for results nobody foresaw.</summary>
    public static string Preview(JsonElement result) => result.ValueKind switch
    {
        JsonValueKind.Undefined => "no result",
        JsonValueKind.Object => $"a dict of {ReasonText.Number(result.EnumerateObject().Count(), "key")}",
        JsonValueKind.Array => $"a list of {ReasonText.Number(result.GetArrayLength(), "item")}",
        JsonValueKind.String => ReasonText.Short(ReasonText.FirstLine(SaltJson.Text(result) ?? "")),
        _ => ReasonText.Short(result.GetRawText()),
    };

    private static string WithoutText(MinionReturn returned)
    {
        var code = returned.RetCode is { } number ? $"return code {number}" : "no return code";
        return $"{code}, {Preview(returned.Return)}";
    }

    // Between command and reason Salt writes the whole environment, which is nobody's business here.
    private static string? CouldNotStart(string text)
    {
        const string Marker = ", reason: ";
        var at = text.Contains("Unable to run command", StringComparison.Ordinal)
            ? text.LastIndexOf(Marker, StringComparison.Ordinal)
            : -1;
        return at < 0 ? null : text[(at + Marker.Length)..];
    }
}
