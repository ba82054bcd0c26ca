using System.Globalization;

namespace Saltern.Server.Housekeeping;

/// <summary>One day (UTC) of one of the job cache's partitioned tables, and the partition that holds it.</summary>
internal sealed record JobCacheDay(string Table, DateOnly Day)
{
    public string Partition => string.Create(CultureInfo.InvariantCulture, $"{Table}_{Day:yyyyMMdd}");

    public DateTimeOffset From => new(Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    public DateTimeOffset To => From.AddDays(1);

    /// <summary>The day that a partition of this name holds; null for the default partition and strangers.</summary>
    public static JobCacheDay? Of(string table, string partition) =>
        partition.StartsWith(table + "_", StringComparison.Ordinal)
        && DateOnly.TryParseExact(
            partition[(table.Length + 1)..], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? new JobCacheDay(table, day)
            : null;
}
