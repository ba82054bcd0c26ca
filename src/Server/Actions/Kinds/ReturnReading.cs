using System.Text.Json;
using System.Text.RegularExpressions;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// What all returns have in common: whether the minion calls it a success, and, where it does not, a reason out of
/// the texts Salt itself writes (a function that is not there, refused arguments, an exception).
/// </summary>
internal static partial class ReturnReading
{
    private const string Exception = "The minion function caused an exception:";
    private const string InvalidArguments = "Passed invalid arguments to ";
    private const string Error = "ERROR: ";

    /// <summary>Whether the minion calls it a success. For some functions that is not the truth.</summary>
    public static bool WentWell(MinionReturn returned) => returned is { Success: true, RetCode: null or 0 };

    /// <summary>The text of a result that is text, or a list of texts; null when it is neither.</summary>
    public static string? TextOf(JsonElement result)
    {
        if (result.ValueKind is not JsonValueKind.Array)
        {
            return JsonText.Of(result);
        }
        var texts = result.EnumerateArray().Select(JsonText.Of).ToList();
        return texts.Count > 0 && texts.TrueForAll(text => text is not null) ? string.Join('\n', texts) : null;
    }

    /// <summary>Failed, for the reason that is in the result.</summary>
    public static TargetOutcome.Failed Failed(MinionReturn returned) => new(Reason(returned));

    /// <summary>Another state run occupies the minion, so this one was not begun; null when not so.</summary>
    public static TargetOutcome.Busy? BusyWithStates(MinionReturn returned) =>
        TextOf(returned.Return) is { Length: < 10_000 } text && StateRunActive().IsMatch(text)
            ? new TargetOutcome.Busy(ReasonText.Short(text))
            : null;

    /// <summary>Why it failed, on one line.</summary>
    public static string Reason(MinionReturn returned)
    {
        var text = TextOf(returned.Return);
        return ReasonText.Short(string.IsNullOrWhiteSpace(text) ? WithoutText(returned) : Reason(text));
    }

    /// <summary>The point of a text in which Salt says what went wrong.</summary>
    public static string Reason(string text)
    {
        if (text.StartsWith(Exception, StringComparison.Ordinal))
        {
            return $"exception on the minion: {ReasonText.LastLine(text)}";
        }
        if (text.StartsWith(InvalidArguments, StringComparison.Ordinal))
        {
            return $"Salt refused the arguments: {ReasonText.FirstLine(text[InvalidArguments.Length..])}";
        }
        if (NotThere().IsMatch(text))
        {
            return $"missing on the minion: {ReasonText.FirstLine(text)}";
        }
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
        JsonValueKind.String => ReasonText.Short(ReasonText.FirstLine(JsonText.Of(result) ?? "")),
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

    [GeneratedRegex(@"^The function ""[^""]+"" is running as PID \d", RegexOptions.CultureInvariant)]
    private static partial Regex StateRunActive();

    [GeneratedRegex(@"\A'[\w.]+' (is not available\.|__virtual__ returned False)", RegexOptions.CultureInvariant)]
    private static partial Regex NotThere();
}
