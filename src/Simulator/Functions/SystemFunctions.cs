using System.Globalization;
using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Functions;

/// <summary>
/// Salt's modules <c>system</c>, <c>file</c>, <c>status</c>, <c>service</c> and <c>sys</c>, as far as needed.
/// </summary>
internal static class SystemFunctions
{
    public static SaltFunction[] All { get; } =
    [
        new("system.reboot", _ => FunctionResult.EmptyText with { Aftermath = Aftermath.Reboot })
        {
            Parameters = ["at_time"],
        },
        new("system.shutdown", _ => FunctionResult.EmptyText with { Aftermath = Aftermath.Shutdown })
        {
            Parameters = ["at_time"],
        },
        new("file.read", Read) { Parameters = ["path", "binary"], Required = 1 },
        new("file.file_exists", call => FunctionResult.Of(ReadFile(call, call.Text("path", 0)) is not null))
        {
            Parameters = ["path"], Required = 1,
        },
        new("status.uptime", Uptime),
        new("service.restart", Restart) { Parameters = ["name"], Required = 1, TakesKeywords = true },
        new("service.status", _ => FunctionResult.True) { Parameters = ["name"], Required = 1, TakesKeywords = true },
        new("sys.list_functions", List) { TakesMore = true, TakesKeywords = true },
    ];

    /// <summary>The text of a file on the minion, null if it has none such.</summary>
    public static string? ReadFile(FunctionCall call, string path)
    {
        Distribution os = Distribution.Of(call.Minion);
        return path switch
        {
            "/proc/sys/kernel/random/boot_id" => call.Fleet.BootIdOf(call.Minion) + "\n",
            "/etc/hostname" => call.Id + "\n",
            "/proc/version" => $"Linux version {os.Kernel}\n",
            "/etc/os-release" =>
                $"NAME=\"{os.Os}\"\nVERSION_ID=\"{os.Release}\"\nPRETTY_NAME=\"{os.FullName} {os.Release}\"\n",
            "/etc/machine-id" => Json.TextOf(Grains.Of(call.Fleet, call.Minion)["machine_id"]) + "\n",
            _ => null,
        };
    }

    private static FunctionResult Read(FunctionCall call)
    {
        string path = call.Text("path", 0);
        return ReadFile(call, path) is { } text
            ? FunctionResult.Of(text)
            : FunctionResult.Error(
                "The minion function caused an exception: Traceback (most recent call last):\n"
                + $"FileNotFoundError: [Errno 2] No such file or directory: '{path}'\n");
    }

    private static FunctionResult Uptime(FunctionCall call)
    {
        DateTimeOffset boot = call.Process.BootTimeOf(call.Minion);
        TimeSpan up = call.Now - boot;
        return FunctionResult.Of(new JsonObject
        {
            ["seconds"] = (long)up.TotalSeconds,
            ["since_iso"] = boot.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture),
            ["since_t"] = boot.ToUnixTimeSeconds(),
            ["days"] = up.Days,
            ["time"] = $"{up.Hours}:{up.Minutes:D2}",
            ["users"] = 0,
        });
    }

    private static FunctionResult Restart(FunctionCall call) => FunctionResult.True with
    {
        Aftermath = call.Text("name", 0) == "salt-minion" ? Aftermath.RestartMinion : Aftermath.None,
    };

    private static FunctionResult List(FunctionCall call)
    {
        string[] modules = [.. call.Positional.Select(Json.TextOf)];
        return FunctionResult.Of(Json.Array(FunctionTable.Names.Order(StringComparer.Ordinal).Where(name =>
            modules.Length == 0 || modules.Any(
                module => name == module || name.StartsWith(module + ".", StringComparison.Ordinal)))));
    }
}
