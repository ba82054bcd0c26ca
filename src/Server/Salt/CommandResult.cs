using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Saltern.Server.Salt;

/// <summary>
/// What came of a command: the return of cmd.run (text), cmd.run_all and cmd.script (an object).
/// A command that ran into its own time-out leaves before Salt sets the return's retcode: the return claims success,
/// the output is replaced by "… : Timed out after N seconds", and only the object's own retcode says 1.
/// </summary>
internal sealed partial record CommandResult
{
    private const int MaxNotice = 64;

    public required string StandardOutput { get; init; }

    /// <summary>Empty for cmd.run, which mixes both.</summary>
    public required string StandardError { get; init; }

    /// <summary>Null if it is not told, for a command that was killed in a terminal of its own.</summary>
    public required int? ExitCode { get; init; }

    public required bool TimedOut { get; init; }

    /// <summary>The script could not be fetched from the master, so nothing ran.</summary>
    public required bool NotFetched { get; init; }

    public bool Succeeded => ExitCode is 0 && !TimedOut && !NotFetched;

    /// <summary>False if the return is not that of a command (see <see cref="MinionFault"/>).</summary>
    public static bool TryRead(MinionReturn answer, [NotNullWhen(true)] out CommandResult? result)
    {
        result = MinionFault.Find(answer) is not null ? null : answer.Return.ValueKind switch
        {
            JsonValueKind.String => OfText(answer),
            JsonValueKind.Object => OfObject(answer),
            _ => null,
        };
        return result is not null;
    }

    private static CommandResult OfText(MinionReturn answer)
    {
        var output = SaltJson.Text(answer.Return)!;
        return new CommandResult
        {
            StandardOutput = output,
            StandardError = "",
            ExitCode = answer.RetCode,
            TimedOut = answer.RetCode is 0 && IsNotice(output, answer.FunctionArgs),
            NotFetched = false,
        };
    }

    private static CommandResult? OfObject(MinionReturn answer)
    {
        if (SaltJson.Member(answer.Return, "retcode") is not { ValueKind: not JsonValueKind.Undefined } code)
        {
            return null;
        }
        var output = SaltJson.Text(SaltJson.Member(answer.Return, "stdout")) ?? "";
        var error = SaltJson.Text(SaltJson.Member(answer.Return, "stderr")) ?? "";
        var inTerminal = code.ValueKind is JsonValueKind.Null
            && error.StartsWith("SALT: Timeout after ", StringComparison.Ordinal);
        return new CommandResult
        {
            StandardOutput = output,
            StandardError = error,
            ExitCode = SaltJson.Int(code),
            TimedOut = inTerminal
                || (SaltJson.Int(code) is 1 && error.Length == 0 && IsNotice(output, answer.FunctionArgs)),
            NotFetched = SaltJson.Member(answer.Return, "cache_error").ValueKind is JsonValueKind.True,
        };
    }

    // A command may print such a line itself; it counts only with the very number of seconds that the call set.
    private static bool IsNotice(string output, JsonElement arguments)
    {
        var notice = Notice().Match(output.Length <= MaxNotice ? output : output[^MaxNotice..]);
        if (!notice.Success)
        {
            return false;
        }
        var seconds = notice.Groups[1].ValueSpan;
        return arguments.ValueKind is not JsonValueKind.Array
            || (Timeout(arguments) is { } set && Number(seconds) is { } told && set.Equals(told));
    }

    private static double? Timeout(JsonElement arguments)
    {
        foreach (var argument in arguments.EnumerateArray())
        {
            var value = SaltJson.Member(argument, "timeout");
            var text = value.ValueKind is JsonValueKind.Number ? value.GetRawText() : SaltJson.Text(value);
            // The way of the command line, which a minion takes for a keyword too.
            text ??= SaltJson.Text(argument) is { } word && word.StartsWith("timeout=", StringComparison.Ordinal)
                ? word["timeout=".Length..]
                : null;
            if (text is not null)
            {
                return Number(text);
            }
        }
        return null;
    }

    private static double? Number(ReadOnlySpan<char> text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@" : Timed out after ([0-9.]+) seconds\z")]
    private static partial Regex Notice();
}
