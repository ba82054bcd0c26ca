using System.Globalization;
using System.Runtime.InteropServices;
using Saltern.Rig;

namespace Saltern.Bench;

/// <summary>Where and when the figures were measured: without it they mean nothing.</summary>
internal sealed record Machine(IReadOnlyList<(string Name, string Value)> Lines)
{
    public static async Task<Machine> LookAsync(Ground ground, TimeProvider clock, CancellationToken cancellationToken)
    {
        await using var database = await ground.CreateDatabaseAsync();
        var loads = (await File.ReadAllTextAsync("/proc/loadavg", cancellationToken)).Split(' ')[..2];
        var now = clock.GetUtcNow();
        return new Machine(
        [
            ("date", now.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
            ("processor", $"{Environment.ProcessorCount} × {Word("/proc/cpuinfo", "model name")}"),
            ("memory", $"{Kilobytes("/proc/meminfo", "MemTotal") / 1024 / 1024:0.0} GiB"),
            ("system", $"{Word("/etc/os-release", "PRETTY_NAME").Trim('"')}, kernel {Kernel()}"),
            (".NET", Environment.Version.ToString()),
            ("PostgreSQL", await database.ScalarAsync<string>("show server_version") ?? ""),
            ("its settings", string.Join(", ", Ground.PostgresSettings)),
            ("load before the run", $"{loads[0]} (1 min), {loads[1]} (5 min)"),
            ("conditions", "bench, server, simulator and PostgreSQL share the processors; PostgreSQL over a socket"),
        ]);
    }

    private static string Kernel() => RuntimeInformation.OSDescription.Split(' ').ElementAtOrDefault(1) ?? "";

    private static double Kilobytes(string file, string key) =>
        double.Parse(Word(file, key).Split(' ')[0], CultureInfo.InvariantCulture);

    private static string Word(string file, string key) => File.ReadLines(file)
        .Where(line => line.StartsWith(key, StringComparison.Ordinal))
        .Select(line => line[(line.IndexOfAny([':', '=']) + 1)..].Trim())
        .FirstOrDefault("unknown");
}
