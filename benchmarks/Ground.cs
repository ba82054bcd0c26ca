using Saltern.Rig;

namespace Saltern.Bench;

/// <summary>
/// What benchmarks stand on: a private PostgreSQL that syncs to a real disk, with the settings that the server gives to
/// its own; and a folder for files.
/// </summary>
internal sealed class Ground : IAsyncDisposable
{
    /// <summary>/tmp may be memory; this folder is a disk wherever Linux keeps to its standard.</summary>
    private const string Place = "/var/tmp";

    public static IReadOnlyList<string> PostgresSettings { get; } =
    [
        "listen_addresses=", "fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=200",
        "shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=1h", "wal_compression=lz4",
        "random_page_cost=1.1", "jit=off", "timezone=UTC", "log_min_messages=warning",
    ];

    private readonly PostgresServer postgres = new(Place, PostgresSettings);

    private Ground(Sizes sizes, string folder, TimeProvider clock)
    {
        Sizes = sizes;
        Folder = folder;
        Clock = clock;
    }

    public Sizes Sizes { get; }

    public string Folder { get; }

    public TimeProvider Clock { get; }

    public static Ground Create(Sizes sizes, TimeProvider clock) =>
        new(sizes, Directory.CreateTempSubdirectory("saltern-bench-").FullName, clock);

    public static void Say(string line) => Console.Error.WriteLine(line);

    /// <summary>An empty database of the server's schema; who asked for it disposes it.</summary>
    public Task<TestDatabase> CreateDatabaseAsync() => TestDatabase.CreateAsync(postgres);

    /// <summary>Writes out what waits, so that no checkpoint falls into what is measured next.</summary>
    public static Task SettleDownAsync(TestDatabase database, params string[] tables) => database.ExecuteAsync(
        string.Concat(tables.Select(table => $"analyze {table};")) + "checkpoint");

    /// <summary>Looks again and again until it holds.</summary>
    public async Task UntilAsync(
        Func<Task<bool>> holds, TimeSpan atMost, string what, CancellationToken cancellationToken)
    {
        var started = Clock.GetTimestamp();
        while (!await holds())
        {
            if (Clock.GetElapsedTime(started) > atMost)
            {
                throw new UnfinishedWorkException($"waited {atMost.TotalSeconds:0} s in vain until {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), Clock, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await postgres.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
