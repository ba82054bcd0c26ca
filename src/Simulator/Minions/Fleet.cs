using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Keys;
using Saltern.Simulator.Software;

namespace Saltern.Simulator.Minions;

/// <summary>
/// All minions of the master, numbered, in one array of small structs under one lock: 100,000 of them must fit beside a
/// server under test. Whoever reads or changes a state holds <see cref="Gate"/>.
/// </summary>
internal sealed class Fleet
{
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly SimulatorOptions options;
    private string[] ids = [];
    private MinionState[] states = [];

    public Fleet(SimulatorOptions options)
    {
        this.options = options;
        Add(options.Minions, KeyStatus.Accepted);
        Add(options.PendingMinions, KeyStatus.Pending);
    }

    public Lock Gate { get; } = new();

    public int Count { get; private set; }

    public ulong Seed => options.Seed;

    public string IdOf(int minion) => ids[minion];

    public ref MinionState this[int minion] => ref states[minion];

    public bool TryFind(string id, out int minion)
    {
        lock (Gate)
        {
            return numbers.TryGetValue(id, out minion);
        }
    }

    /// <summary>Adds minions with the next names of the pattern.</summary>
    public IReadOnlyList<string> Add(int count, KeyStatus key)
    {
        lock (Gate)
        {
            List<string> added = new(count);
            for (int number = Count + options.FirstNumber; added.Count < count; number++)
            {
                string id = string.Format(CultureInfo.InvariantCulture, options.NamePattern, number);
                if (AddOne(id, key))
                {
                    added.Add(id);
                }
            }

            return added;
        }
    }

    /// <summary>Adds a minion with a name of its own; false if the name is taken.</summary>
    public bool AddOne(string id, KeyStatus key)
    {
        lock (Gate)
        {
            if (!numbers.TryAdd(id, Count))
            {
                return false;
            }

            if (Count == states.Length)
            {
                int length = Math.Max(Math.Max(64, options.Minions + options.PendingMinions), states.Length * 2);
                Array.Resize(ref states, length);
                Array.Resize(ref ids, length);
            }

            ids[Count] = id;
            states[Count].Key = key;
            states[Count].Up = true;
            states[Count].CacheJobs = Dice.Fraction(Seed, (ulong)Count, 7, 7) < options.CacheJobsShare;
            Count++;
            return true;
        }
    }

    /// <summary>The minions for which something holds, in the order of their numbers.</summary>
    public List<int> Where(Func<int, bool> holds)
    {
        lock (Gate)
        {
            List<int> found = [];
            for (int minion = 0; minion < Count; minion++)
            {
                if (holds(minion))
                {
                    found.Add(minion);
                }
            }

            return found;
        }
    }

    public List<int> Accepted() => Where(minion => states[minion].Key == KeyStatus.Accepted);

    /// <summary>Software of a minion, to be read only: it is not kept.</summary>
    public MinionSoftware SoftwareOf(int minion) =>
        states[minion].Software ?? MinionSoftware.AtFirst(options, minion);

    /// <summary>Software of a minion, to be changed.</summary>
    public MinionSoftware OwnSoftwareOf(int minion) => states[minion].Software ??= SoftwareOf(minion);

    public bool HasZypper(int minion) => Distribution.Of(minion).IsSuse || SoftwareOf(minion).Products.Count > 0;

    public string BootIdOf(int minion)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, Dice.Mix(Seed, (ulong)minion, states[minion].Boots, 11));
        BitConverter.TryWriteBytes(bytes[8..], Dice.Mix(Seed, (ulong)minion, states[minion].Boots, 12));
        return new Guid(bytes).ToString("D");
    }

    /// <summary>Fingerprint of the minion's public key, as Salt prints it (SHA-256, pairs of hex digits).</summary>
    public string FingerprintOf(string id) =>
        FingerprintOf(Encoding.UTF8.GetBytes($"{Seed}/{id}"));

    public static string FingerprintOf(byte[] publicKey) =>
        Convert.ToHexStringLower(SHA256.HashData(publicKey)).Chunk(2).Aggregate(
            new StringBuilder(),
            (text, pair) => text.Append(text.Length == 0 ? "" : ":").Append(pair),
            text => text.ToString());
}
