using System.Text.Json;
using System.Text.RegularExpressions;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Reads what Salt's cmd functions return: {pid, retcode, stdout, stderr}. A command that ran into its time-out comes
/// back with Salt's own sentence in place of its output, and with a return code of 0 for the call as a whole.
/// </summary>
internal static partial class CommandReading
{
    private const int LongestSentence = 100;

    public static bool IsResult(JsonElement result) => ExitCode(result) is not null;

    /// <summary>How a command went by the dict it returned.</summary>
    /// <param name="timeoutSeconds">The command's time-out, for the reason; null when it is not known.</param>
    public static TargetOutcome Read(MinionReturn returned, int? timeoutSeconds)
    {
        var result = returned.Return;
        var output = JsonText.Of(JsonText.Member(result, "stdout")) ?? "";
        var code = ExitCode(result) ?? returned.RetCode ?? 0;
        if (code != 0 && returned.RetCode is 0 && IsTimedOut(output))
        {
            return TimedOut(timeoutSeconds);
        }
        if (code == 0 && ReturnReading.WentWell(returned))
        {
            return new TargetOutcome.Completed("exit code 0");
        }
        var complaint = ReasonText.LastLine(JsonText.Of(JsonText.Member(result, "stderr")) ?? "");
        var detail = complaint.Length > 0 ? complaint : ReasonText.LastLine(output);
        var end = Describe(code == 0 ? returned.RetCode ?? 0 : code);
        return new TargetOutcome.Failed(ReasonText.Short(detail.Length > 0 ? $"{end}: {detail}" : end));
    }

    /// <summary>Whether a text ends with the sentence Salt puts in place of the output of what it stopped.</summary>
    public static bool IsTimedOut(string output) =>
        TimedOutSentence().IsMatch(output[Math.Max(0, output.Length - LongestSentence)..]);

    public static TargetOutcome.Failed TimedOut(int? timeoutSeconds) => new(
        timeoutSeconds is { } seconds
            ? $"stopped after its time-out of {ReasonText.Number(seconds, "second")}; its output is lost"
            : "stopped after its time-out; its output is lost");

    private static int? ExitCode(JsonElement result) =>
        JsonText.Member(result, "retcode") is { ValueKind: JsonValueKind.Number } code
        && code.TryGetInt32(out var number)
            ? number
            : null;

    private static string Describe(int code) => code < 0 ? $"ended by signal {-(long)code}" : $"exit code {code}";

    [GeneratedRegex(@" : Timed out after \d+(\.\d+)? seconds\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex TimedOutSentence();
}
