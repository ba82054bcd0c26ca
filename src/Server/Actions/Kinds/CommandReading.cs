using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>Says of a command that a minion ran how it went: its exit code, and the last thing it said.</summary>
internal static class CommandReading
{
    /// <param name="timeoutSeconds">The command's time-out, for the reason; null when it is not known.</param>
    public static TargetOutcome Read(MinionReturn returned, CommandResult result, int? timeoutSeconds)
    {
        if (result.TimedOut)
        {
            return TimedOut(timeoutSeconds);
        }
        if (result.NotFetched)
        {
            return new TargetOutcome.Failed("the script could not be fetched from the master");
        }
        // The two codes agree, unless something went wrong around the command.
        if (result.Succeeded && ReturnReading.WentWell(returned))
        {
            return new TargetOutcome.Completed("exit code 0");
        }
        var complaint = ReasonText.LastLine(result.StandardError);
        var detail = complaint.Length > 0 ? complaint : ReasonText.LastLine(result.StandardOutput);
        var end = Describe(result.Succeeded ? returned.RetCode : result.ExitCode);
        return new TargetOutcome.Failed(ReasonText.Short(detail.Length > 0 ? $"{end}: {detail}" : end));
    }

    private static TargetOutcome.Failed TimedOut(int? timeoutSeconds) => new(
        timeoutSeconds is { } seconds
            ? $"stopped after its time-out of {ReasonText.Number(seconds, "second")}; its output is lost"
            : "stopped after its time-out; its output is lost");

    private static string Describe(int? exitCode) => exitCode switch
    {
        null => "no exit code",
        < 0 => $"ended by signal {-(long)exitCode}",
        _ => $"exit code {exitCode}",
    };
}
