using System.Globalization;
using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Functions;

/// <summary>
/// Salt's module <c>cmd</c>. The return code of the job is that of the command, except when the command ran into its
/// own timeout: then the job succeeds with return code 0, and only the text tells.
/// </summary>
internal static class CommandFunctions
{
    public static SaltFunction[] All { get; } =
    [
        Command("cmd.run", CommandLine, (run, _) => JsonValue.Create(run.Both)),
        Command("cmd.shell", CommandLine, (run, _) => JsonValue.Create(run.Both)),
        Command("cmd.run_stdout", CommandLine, (run, _) => JsonValue.Create(run.Stdout)),
        Command("cmd.run_stderr", CommandLine, (run, _) => JsonValue.Create(run.Stderr)),
        Command("cmd.retcode", CommandLine, (run, _) => JsonValue.Create(run.Retcode)),
        Command("cmd.run_all", CommandLine, All4),
        Command("cmd.exec_code", Code, (run, _) => JsonValue.Create(run.Both), "lang", "code"),
        Command("cmd.exec_code_all", Code, All4, "lang", "code"),
        Command("cmd.script", Script, All4, "source", "args"),
        new("cmd.run_bg", call => FunctionResult.Of(new JsonObject { ["pid"] = call.Pid + 1 }))
        {
            Parameters = ["cmd"], Required = 1, TakesMore = true, TakesKeywords = true,
        },
    ];

    private static SaltFunction Command(
        string name,
        Func<FunctionCall, string?> script,
        Func<ShellRun, FunctionCall, JsonNode?> shape,
        params string[] parameters) =>
        new(name, call => Run(call, script, shape))
        {
            Parameters = parameters.Length == 0 ? ["cmd"] : parameters,
            Required = name == "cmd.script" ? 1 : Math.Max(1, parameters.Length),
            TakesMore = true,
            TakesKeywords = true,
            Duration = call => DurationOf(call, script),
        };

    private static string CommandLine(FunctionCall call)
    {
        JsonNode? command = call.Argument("cmd", 0);
        string line = command is JsonArray words ? string.Join(' ', words.Select(Json.TextOf)) : Json.TextOf(command);
        string stdin = Json.TextOf(call.Keyword("stdin"));
        return stdin.Length > 0 && IsInterpreter(line) ? stdin : line;
    }

    private static bool IsInterpreter(string line)
    {
        string program = line.Trim().Split(' ')[0];
        return program[(program.LastIndexOf('/') + 1)..] is "sh" or "bash" or "dash" or "env";
    }

    private static string Code(FunctionCall call) => call.Argument("code", 1) is JsonArray lines
        ? string.Join('\n', lines.Select(Json.TextOf))
        : call.Text("code", 1);

    private static string? Script(FunctionCall call) =>
        call.Process.Files.GetValueOrDefault(call.Text("source", 0));

    private static TimeSpan DurationOf(FunctionCall call, Func<FunctionCall, string?> script)
    {
        TimeSpan needs = TinyShell.Run(call, script(call) ?? "").Duration;
        return TimeOut(call) is { } limit && limit < needs ? limit : needs;
    }

    private static TimeSpan? TimeOut(FunctionCall call) =>
        Json.NumberOf(call.Keyword("timeout"), 0) is double seconds and > 0 ? TimeSpan.FromSeconds(seconds) : null;

    private static FunctionResult Run(
        FunctionCall call, Func<FunctionCall, string?> script, Func<ShellRun, FunctionCall, JsonNode?> shape)
    {
        string? text = script(call);
        if (text is null)
        {
            return NoFile();
        }

        ShellRun run = TinyShell.Run(call, text);
        if (TimeOut(call) is { } limit && limit < run.Duration)
        {
            string message = $"{NameOf(call, text)} : Timed out after {Seconds(limit)} seconds";
            return FunctionResult.Of(shape(new ShellRun(message, "", message, 1, limit), call));
        }

        return FunctionResult.Of(shape(run, call), run.Retcode);
    }

    // cmd.script and cmd.exec_code run a file of their own making, and name it when it runs out of time.
    private static string NameOf(FunctionCall call, string text) => call.Publication.Function switch
    {
        "cmd.script" => $"/tmp/__salt.tmp.{call.Pid:x8}.sh",
        "cmd.exec_code" or "cmd.exec_code_all" => $"['{call.Text("lang", 0)}', '/tmp/__salt.tmp.{call.Pid:x8}']",
        _ => text,
    };

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    private static FunctionResult NoFile() => FunctionResult.Of(new JsonObject
    {
        ["pid"] = 0, ["retcode"] = 1, ["stdout"] = "", ["stderr"] = "", ["cache_error"] = true,
    });

    private static JsonObject All4(ShellRun run, FunctionCall call) => new()
    {
        ["pid"] = call.Pid + 1,
        ["retcode"] = run.Retcode,
        ["stdout"] = run.Stdout,
        ["stderr"] = run.Stderr,
    };
}
