namespace Saltern.Server.Fleet;

internal sealed class MinionFacts
{
    private static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["os"] = "os",
        ["osrelease"] = "os_release",
        ["os_family"] = "os_family",
        ["kernelrelease"] = "kernel_release",
        ["cpuarch"] = "cpu_arch",
        ["saltversion"] = "salt_version",
    };

    /// <summary>The column that holds a grain as text; null for grains that are only in the column grains.</summary>
    public static string? ColumnOf(string grain) => Columns.GetValueOrDefault(grain);
}
