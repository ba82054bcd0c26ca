using System.Diagnostics;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(Saltern.Simulator.Tests.PrivatePostgres))]

namespace Saltern.Simulator.Tests;

/// <summary>
/// A PostgreSQL of the test run's own, in a new folder, reached by its socket: no port, no race, gone afterwards.
/// PostgreSQL refuses to run as root, so under root it runs as <c>postgres</c>. Each caller gets a database with the
/// job cache's schema.
/// </summary>
public sealed class PrivatePostgres : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("sim").FullName;
    private Process? server;
    private int databases;

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        }

        string data = Path.Combine(folder, "data");
        using (Process initdb = Run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"))
        {
            await initdb.WaitForExitAsync();
            Assert.True(initdb.ExitCode == 0, "initdb failed");
        }

        server = Run("postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off");
        await WaitUntilReadyAsync();
    }

    /// <summary>A new database with the job cache's schema; returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        string name = $"test{Interlocked.Increment(ref databases)}";
        await using (NpgsqlConnection admin = new(ConnectionTo("postgres")))
        {
            await admin.OpenAsync();
            await using NpgsqlCommand create = new($"create database {name}", admin);
            await create.ExecuteNonQueryAsync();
        }

        string connection = ConnectionTo(name);
        await using NpgsqlConnection fresh = new(connection);
        await fresh.OpenAsync();
        string schema = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "src", "Server", "Database", "Schema", "0001_job_cache.sql"));
        await using NpgsqlCommand apply = new(schema, fresh);
        await apply.ExecuteNonQueryAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            server.Kill();
            await server.WaitForExitAsync();
            server.Dispose();
        }

        using Process remove = Process.Start("rm", ["-rf", folder]);
        await remove.WaitForExitAsync();
    }

    private static Process Run(string program, params string[] arguments)
    {
        string path = Directory.GetDirectories("/usr/lib/postgresql").Order().Select(version =>
            Path.Combine(version, "bin", program)).Last(File.Exists);
        ProcessStartInfo start = new(path, arguments)
        {
            UserName = Environment.UserName == "root" ? "postgres" : null,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private string ConnectionTo(string database) =>
        $"Host={folder};Username=postgres;Database={database};Maximum Pool Size=30;Include Error Detail=true";

    private async Task WaitUntilReadyAsync()
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await using NpgsqlConnection connection = new(ConnectionTo("postgres"));
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (attempt < 200)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }
}
