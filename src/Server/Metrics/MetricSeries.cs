namespace Saltern.Server.Metrics;

/// <summary>
/// One instrument with one set of tags: a sum or a latest value, and for histograms a count per bucket.
/// </summary>
internal sealed class MetricSeries(double[] buckets)
{
    private readonly Lock door = new();
    private readonly long[] counts = new long[buckets.Length];
    private double value;
    private long count;

    public void Add(double amount)
    {
        lock (door)
        {
            value += amount;
        }
    }

    public void Set(double latest)
    {
        lock (door)
        {
            value = latest;
        }
    }

    public void Observe(double measured)
    {
        lock (door)
        {
            value += measured;
            count++;
            var bucket = Array.FindIndex(buckets, bound => measured <= bound);
            if (bucket >= 0)
            {
                counts[bucket]++;
            }
        }
    }

    public (double Value, long Count, long[] Buckets) Read()
    {
        lock (door)
        {
            return (value, count, [.. counts]);
        }
    }
}
