using System.Globalization;

namespace Saltern.Bench;

/// <summary>What Linux knows of a process: processor time and memory, from /proc.</summary>
internal static class ProcessUsage
{
    /// <summary>Linux counts in hundredths of a second here, whatever the machine.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>Processor seconds of this process.</summary>
    public static double ProcessorSeconds(int process) => Fields(process) is { } fields
        ? (Number(fields[11]) + Number(fields[12])) / TicksPerSecond
        : 0;

    /// <summary>Processor seconds of a process with all its children, those that have ended included.</summary>
    public static double ProcessorSecondsWithChildren(int process)
    {
        var ended = Fields(process) is { } own ? (Number(own[13]) + Number(own[14])) / TicksPerSecond : 0;
        var running = Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => int.TryParse(name, out _))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Where(candidate => candidate == process || ParentOf(candidate) == process);
        return ended + running.Sum(ProcessorSeconds);
    }

    public static int ParentOf(int process) => Fields(process) is { } fields ? (int)Number(fields[1]) : 0;

    /// <summary>The most memory it ever had, in MB.</summary>
    public static double PeakMegabytes(int process) => File.ReadLines($"/proc/{process}/status")
        .Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024 / 1e6)
        .Single();

    /// <summary>The fields after the program's name, which may hold anything; null when the process is gone.</summary>
    private static string[]? Fields(int process)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{process}/stat");
            return line[(line.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static double Number(string field) => double.Parse(field, CultureInfo.InvariantCulture);
}
