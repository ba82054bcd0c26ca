using System.Collections.Concurrent;
using System.Text.Json;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Faults;

/// <summary>
/// The faults that are set now. Whether one strikes a case is drawn from the seed and from the names in the case (jid,
/// minion), so that it does not depend on which thread came first.
/// </summary>
public sealed class FaultBoard
{
    private readonly ConcurrentDictionary<string, Fault> faults = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private readonly ulong seed;
    private long cases;

    internal FaultBoard(ulong seed)
    {
        this.seed = seed;
    }

    // Raised with what was set before and what is set now, after the change.
    internal event Action<Fault?, Fault?>? Changed;

    /// <summary>All that are set.</summary>
    public IReadOnlyList<Fault> All() => [.. faults.Values.OrderBy(fault => fault.Name, StringComparer.Ordinal)];

    /// <summary>Sets a fault; one of the same name is replaced.</summary>
    public void Set(Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        if (!FaultNames.All.Contains(fault.Name))
        {
            throw new ArgumentException(
                $"There is no fault '{fault.Name}'; there are: {string.Join(", ", FaultNames.All)}.", nameof(fault));
        }

        if (fault.Probability is not (>= 0 and <= 1) || fault.Count is < 1 || fault.Seconds < 0 || fault.Bytes < 0)
        {
            throw new ArgumentException(
                $"Fault '{fault.Name}': probability is 0 to 1, count at least 1, seconds and bytes at least 0.",
                nameof(fault));
        }

        CheckBody(fault);
        Fault? before;
        lock (gate)
        {
            before = faults.GetValueOrDefault(fault.Name);
            faults[fault.Name] = fault;
        }

        Changed?.Invoke(before, fault);
    }

    /// <summary>Sets a fault by name with a length in seconds.</summary>
    public void Set(
        string name, double seconds = 0, int? count = null, string? minion = null, string? function = null) =>
        Set(new Fault { Name = name, Seconds = seconds, Count = count, Minion = minion, Function = function });

    /// <summary>Ends a fault; false if it was not set.</summary>
    public bool Clear(string name)
    {
        Fault? before;
        lock (gate)
        {
            if (!faults.TryRemove(name, out before))
            {
                return false;
            }
        }

        Changed?.Invoke(before, null);
        return true;
    }

    /// <summary>Ends all faults.</summary>
    public void ClearAll()
    {
        foreach (string name in faults.Keys)
        {
            Clear(name);
        }
    }

    /// <summary>Whether a fault is set at all, whomever it strikes.</summary>
    public bool IsSet(string name) => !faults.IsEmpty && faults.ContainsKey(name);

    internal Fault? Find(string name) => faults.GetValueOrDefault(name);

    /// <summary>Draws for a minion's case.</summary>
    internal Fault? Strike(string name, string minion, string function, int job)
    {
        if (faults.IsEmpty || Find(name) is not { } fault || !Covers(fault, minion, function))
        {
            return null;
        }

        return Draw(fault, Dice.Of(minion), (ulong)job) ? Spend(fault) : null;
    }

    /// <summary>Draws for a request; any of its minions may match.</summary>
    internal Fault? StrikeRequest(string name, string? function, Func<IEnumerable<string>> minions)
    {
        if (faults.IsEmpty || Find(name) is not { } fault || !Matches(fault.Function, function ?? ""))
        {
            return null;
        }

        if (fault.Minion is not null && !minions().Any(minion => Matches(fault.Minion, minion)))
        {
            return null;
        }

        return Draw(fault, (ulong)Interlocked.Increment(ref cases), 0) ? Spend(fault) : null;
    }

    /// <summary>Whether a lasting fault of minions covers this one; costs no count.</summary>
    internal bool Covers(Fault fault, string minion) => Covers(fault, minion, "") && Draw(fault, Dice.Of(minion), 0);

    private static bool Covers(Fault fault, string minion, string function) =>
        Matches(fault.Minion, minion) && (function.Length == 0 || Matches(fault.Function, function));

    private static bool Matches(string? patterns, string name) =>
        patterns is null || patterns.Split(',').Any(pattern => Targets.Matches(pattern.Trim(), name));

    private bool Draw(Fault fault, ulong a, ulong b) =>
        fault.Probability >= 1 || Dice.Fraction(seed, Dice.Of(fault.Name), a, b) < fault.Probability;

    private Fault? Spend(Fault fault)
    {
        if (fault.Count is null)
        {
            return fault;
        }

        lock (gate)
        {
            if (!faults.TryGetValue(fault.Name, out Fault? now) || now.Count is not { } left)
            {
                return now;
            }

            if (left > 1)
            {
                faults[fault.Name] = now with { Count = left - 1 };
                return now;
            }

            faults.TryRemove(fault.Name, out _);
        }

        Changed?.Invoke(fault, null);
        return fault;
    }

    private static void CheckBody(Fault fault)
    {
        if (fault.Body is null)
        {
            return;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(fault.Body);
        }
        catch (JsonException error)
        {
            throw new ArgumentException(
                $"Fault '{fault.Name}': body is no JSON: {error.Message}", nameof(fault), error);
        }
    }
}
