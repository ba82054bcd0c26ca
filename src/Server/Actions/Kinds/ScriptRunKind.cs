using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Runs a script on a minion; its exit code decides.
/// Arguments: <c>script</c> (up to 1 MB), <c>interpreter</c> (default: what the script's first line names, else
/// /bin/sh), <c>user</c> (default: the one Salt runs as), <c>timeoutSeconds</c> (default 600), <c>arguments</c> (list
/// of texts).
/// </summary>
internal sealed partial class ScriptRunKind : KindWithArguments<ScriptRunKind.Arguments>
{
    private const int MaxScriptBytes = 1024 * 1024;
    private const int MaxInterpreterBytes = 255;
    private const int MaxUserBytes = 255;
    private const int DefaultTimeoutSeconds = 600;
    private const int MaxTimeoutSeconds = 24 * 60 * 60;
    private const int MaxArguments = 256;
    private const int MaxArgumentBytes = 32 * 1024;

    private static readonly TimeSpan TimeToReturn = TimeSpan.FromMinutes(2);

    public override string Name => "script.run";

    /// <summary>Nobody knows what a script does, so no restart or update runs beside it.</summary>
    public override bool Exclusive => true;

    /// <summary>A script that ran into its time-out comes back with return code 0.</summary>
    public override BodyReading ReadsBody => BodyReading.Always;

    protected override IReadOnlyList<string> ArgumentNames =>
        ["script", "interpreter", "user", "timeoutSeconds", "arguments"];

    public override bool SafeToRepeat(JsonElement arguments) => false;

    public override TimeSpan Deadline(JsonElement arguments) =>
        TimeSpan.FromSeconds(Readable(arguments).TimeoutSeconds) + TimeToReturn;

    public override SaltCall BuildCall(JsonElement arguments) => InlineScript(Valid(arguments));

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        var order = Readable(arguments);
        if (returned.Return.ValueKind is JsonValueKind.Object && CommandResult.TryRead(returned, out var result))
        {
            return CommandReading.Read(returned, result, order.TimeoutSeconds);
        }
        if (ReturnReading.WentWell(returned))
        {
            return new TargetOutcome.Failed(
                $"the result is not that of a script: {ReturnReading.Preview(returned.Return)}");
        }
        // Salt hands the script's file to the user and stumbles over one that is not there.
        return order.User is not null && NoSuchUser().IsMatch(ReturnReading.Reason(returned))
            ? new TargetOutcome.Failed($"there is no user {ArgumentReader.Show(order.User)} on the minion")
            : ReturnReading.Failed(returned);
    }

    protected override Arguments Take(ArgumentReader reader)
    {
        var script = reader.RequiredText("script", MaxScriptBytes);
        var interpreter = reader.Text("interpreter", MaxInterpreterBytes);
        if (interpreter is not null && !Program().IsMatch(interpreter))
        {
            reader.Refuse("interpreter", $"{ArgumentReader.Show(interpreter)} is not an interpreter: give its name or "
                + "path without options, for example /bin/bash or python3.");
        }
        var user = reader.Text("user", MaxUserBytes);
        if (user is not null && !UserName().IsMatch(user))
        {
            reader.Refuse("user", $"{ArgumentReader.Show(user)} is not the name of a user: no space, colon or slash in "
                + "it and no '-' at its beginning.");
        }
        return new Arguments(
            script ?? "",
            interpreter ?? NamedInterpreter(script ?? "", reader),
            user,
            reader.WholeNumber("timeoutSeconds", 1, MaxTimeoutSeconds, DefaultTimeoutSeconds),
            reader.Texts("arguments", MaxArguments, MaxArgumentBytes, of: "texts", mayBeEmpty: true));
    }

    // The one way that carries a megabyte (a command line carries 128 KB), leaves stdin alone and keeps arguments
    // whole: the minion writes the text to a file of the user's, has the interpreter run it and removes it.
    private static SaltCall InlineScript(Arguments order)
    {
        var kwargs = new JsonObject
        {
            ["lang"] = order.Interpreter,
            ["code"] = order.Script,
            ["timeout"] = order.TimeoutSeconds,
        };
        if (order.User is not null)
        {
            kwargs["runas"] = order.User;
        }
        if (order.ScriptArguments.Count > 0)
        {
            kwargs["args"] = new JsonArray([.. order.ScriptArguments.Select(argument => JsonValue.Create(argument))]);
        }
        return new SaltCall("cmd.exec_code_all", kwargs);
    }

    // The interpreter is started by name, so what a first line says beyond that would be lost without a word.
    private static string NamedInterpreter(string script, ArgumentReader reader)
    {
        const string Shell = "/bin/sh";
        if (!script.StartsWith("#!", StringComparison.Ordinal))
        {
            return Shell;
        }
        var line = script.AsSpan(2, script.AsSpan(2).IndexOf('\n') is var end && end < 0 ? script.Length - 2 : end);
        var words = line.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var program = words.Length > 1 && words[0].EndsWith("/env", StringComparison.Ordinal) ? words[1..] : words;
        if (program.Length == 1 && Program().IsMatch(program[0]))
        {
            return program[0];
        }
        reader.Refuse("script", $"The first line of the script, {ArgumentReader.Show($"#!{line}")}, names no "
            + "interpreter or one with options, which are not passed on: give 'interpreter', and set the options "
            + "inside the script (for example with 'set -e').");
        return Shell;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_/.][^\s\p{C}]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Program();

    [GeneratedRegex(@"\A[^\s\p{C}:/-][^\s\p{C}:/]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex UserName();

    [GeneratedRegex("uid should be integer|an integer is required|User '.*' is not available")]
    private static partial Regex NoSuchUser();

    internal sealed record Arguments(
        string Script, string Interpreter, string? User, int TimeoutSeconds, IReadOnlyList<string> ScriptArguments);
}
