using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Saltern.Server.Metrics;

/// <summary>
/// Keeps what the instruments of the meter "Saltern" measured, for /metrics to show. Tags are words from short
/// lists, never ids; were they not, the number of series is bounded and further ones are counted instead of kept.
/// </summary>
internal sealed class MetricsCollector : IDisposable
{
    private const int MostSeries = 2_000;

    /// <summary>Bounds for seconds; what is measured in other units is seen by its sum and count.</summary>
    private static readonly double[] Buckets =
        [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<(string Instrument, string Tags), Kept> kept = new();
    private long dropped;

    public MetricsCollector()
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == SalternMeter.Name)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Measure(i, value, tags));
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Measure(i, value, tags));
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Measure(i, value, tags));
        listener.Start();
    }

    /// <summary>Writes every series; gauges that are read on demand are read now.</summary>
    public void Write(MetricsText text)
    {
        listener.RecordObservableInstruments();
        foreach (var metric in kept.GroupBy(one => one.Key.Instrument).OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            Write(text, metric.First().Value.Instrument, metric.Select(one => one.Value));
        }

        text.Single(
            "saltern_metrics_series_dropped_total", "counter",
            "Measurements not shown because there are too many series.", Interlocked.Read(ref dropped));
    }

    public void Dispose() => listener.Dispose();

    private static void Write(MetricsText text, Instrument instrument, IEnumerable<Kept> series)
    {
        var name = MetricsText.NameOf(instrument.Name);
        var type = TypeOf(instrument);
        text.Metric(type == "counter" ? name + "_total" : name, type, instrument.Description);
        foreach (var (_, tags, measured) in series.OrderBy(one => string.Join(',', one.Tags), StringComparer.Ordinal))
        {
            var (value, count, buckets) = measured.Read();
            if (type == "histogram")
            {
                WriteHistogram(text, name, tags, value, count, buckets);
            }
            else
            {
                text.Sample(type == "counter" ? name + "_total" : name, tags, value);
            }
        }
    }

    private static void WriteHistogram(
        MetricsText text, string name, IReadOnlyList<KeyValuePair<string, string>> tags, double sum, long count,
        long[] buckets)
    {
        var soFar = 0L;
        for (var i = 0; i < buckets.Length; i++)
        {
            soFar += buckets[i];
            var bound = Buckets[i].ToString("R", CultureInfo.InvariantCulture);
            text.Sample(name + "_bucket", [.. tags, new("le", bound)], soFar);
        }

        text.Sample(name + "_bucket", [.. tags, new("le", "+Inf")], count);
        text.Sample(name + "_sum", tags, sum);
        text.Sample(name + "_count", tags, count);
    }

    private void Measure(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new KeyValuePair<string, string>[tags.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            labels[i] = new(
                MetricsText.NameOf(tags[i].Key), Convert.ToString(tags[i].Value, CultureInfo.InvariantCulture) ?? "");
        }

        Array.Sort(labels, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        var key = (instrument.Name, string.Join('\u001f', labels.Select(label => $"{label.Key}={label.Value}")));
        if (!kept.TryGetValue(key, out var series))
        {
            if (kept.Count >= MostSeries)
            {
                Interlocked.Increment(ref dropped);
                return;
            }

            series = kept.GetOrAdd(key, _ => new Kept(instrument, labels, new MetricSeries(Buckets)));
        }

        switch (TypeOf(instrument))
        {
            case "histogram":
                series.Measured.Observe(value);
                break;
            case "counter" when !instrument.IsObservable:
            case "gauge" when IsUpDown(instrument) && !instrument.IsObservable:
                series.Measured.Add(value);
                break;
            default:
                series.Measured.Set(value);
                break;
        }
    }

    private static string TypeOf(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        return type.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram"
            : type.StartsWith("Counter", StringComparison.Ordinal)
                || type.StartsWith("ObservableCounter", StringComparison.Ordinal) ? "counter"
            : "gauge";
    }

    private static bool IsUpDown(Instrument instrument) =>
        instrument.GetType().Name.StartsWith("UpDownCounter", StringComparison.Ordinal);

    private sealed record Kept(
        Instrument Instrument, IReadOnlyList<KeyValuePair<string, string>> Tags, MetricSeries Measured);
}
