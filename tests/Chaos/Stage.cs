using System.Diagnostics;
using System.Text.Json;
using Saltern.Chaos.Migrations;
using Saltern.Contract;

namespace Saltern.Chaos;

/// <summary>Everything that runs: the database, the masters, the nodes, each a process of its own.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private Stage(string folder, Cluster database)
    {
        Folder = folder;
        Database = database;
    }

    public string Folder { get; }

    public Cluster Database { get; }

    public List<Master> Masters { get; } = [];

    public List<Node> Nodes { get; } = [];

    public string Token { get; private set; } = "";

    /// <summary>Whether the folder with what the processes said stays, as evidence.</summary>
    public bool Keeps { get; set; }

    public static async Task<Stage> StartAsync(
        ChaosOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        var stage = new Stage(
            Directory.CreateTempSubdirectory("saltern-chaos-").FullName, await Cluster.CreateAsync(cancellationToken));
        try
        {
            await stage.StartPartsAsync(options, clock, cancellationToken);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }

        foreach (var master in Masters)
        {
            await master.DisposeAsync();
        }

        await Database.DisposeAsync();
        if (!Keeps)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private async Task StartPartsAsync(ChaosOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        foreach (var name in ChaosOptions.Masters)
        {
            var role = $"salt_{name}";
            await RunAsync(
                cancellationToken, "returner-role", role, "--password-file", Path.Combine(Folder, $"{role}.password"),
                "--database", Database.ConnectionString);
            Masters.Add(await Master.StartAsync(
                Folder, name, Database.ConnectionStringOf(role), options, clock, cancellationToken));
        }

        Token = await RunAsync(
            cancellationToken, "token", "create", "--name", "chaos", "--permission", PermissionNames.Admin,
            "--database", Database.ConnectionString);
        var settings = await WriteSettingsAsync(cancellationToken);
        for (var node = 0; node < options.Nodes; node++)
        {
            Nodes.Add(new Node(Folder, settings, $"{Database.ConnectionString};Application Name=node{node}", clock));
            await Nodes[node].StartAsync(cancellationToken);
        }

        await Patience.UntilAsync(
            async () => (await Database.QueryAsync(
                KnownSql, row => row.GetInt64(0), cancellationToken))[0] == options.Minions * Masters.Count,
            TimeSpan.FromMinutes(1), "the minions are known", clock, cancellationToken);
        await Equipment.InstallAsync(this, options, cancellationToken);
    }

    /// <summary>
    /// The times of a server that is in no hurry, made short in the same proportions: a lease outlasts a call, and that
    /// a job does not run counts after the minion's tries to deliver.
    /// </summary>
    private async Task<string> WriteSettingsAsync(CancellationToken cancellationToken)
    {
        var masters = new List<object>();
        foreach (var master in Masters)
        {
            var passwordFile = Path.Combine(Folder, $"{master.Name}.password");
            await File.WriteAllTextAsync(passwordFile, master.Password, cancellationToken);
            masters.Add(new
            {
                master.Name, Url = master.Api, Username = master.User, PasswordFile = passwordFile,
                KeyDomain = master.Name, MasterTimeoutSeconds = 1, SubmitTimeoutSeconds = 4, ConnectTimeoutSeconds = 2,
                LoginTimeoutSeconds = 4, RunnerTimeoutSeconds = 10,
            });
        }

        var settings = new Dictionary<string, object>
        {
            ["Masters"] = masters,
            ["Actions"] = new { RefreshNewMinions = false },
            ["Database"] = new { MaxPoolSize = 20, ConnectTimeout = "00:00:05", CommandTimeout = "00:00:15" },
            ["Dispatch"] = new
            {
                Lease = "00:00:05", EvidenceGrace = "00:00:01", Sweep = "00:00:02", AskDeadline = "00:00:04",
                AskAbsent = "00:00:10", AnswerCounts = "00:00:15",
            },
            ["Results"] = new
            {
                Sweep = "00:00:01", MissedAfter = "00:00:02", LookWhileIdle = "00:00:02", FirstAskAfter = "00:00:05",
                ProofAfter = "00:00:04", RetryPause = "00:00:01", AskAgain = "00:00:01", AskWhileRunning = "00:00:02",
                BusyPause = "00:00:02", StopGrace = "00:00:02",
            },
            ["ServicePacks"] = new { Sweep = "00:00:01", TryAgain = "00:00:02", OrderDeadline = "00:00:05" },
            ["Fleet"] = new { KeyReadInterval = "00:00:05", StartEventInterval = "00:00:02" },
            ["Logging"] = new
            {
                LogLevel = new Dictionary<string, string> { ["Default"] = "Warning", ["Saltern"] = "Information" },
            },
        };
        var file = Path.Combine(Folder, "saltern.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(settings), cancellationToken);
        return file;
    }

    /// <summary>Runs a command of the program to its end and gives what it printed.</summary>
    private async Task<string> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo("dotnet", [Node.Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        })!;
        var errors = run.StandardError.ReadToEndAsync(cancellationToken);
        var printed = await run.StandardOutput.ReadToEndAsync(cancellationToken);
        await run.WaitForExitAsync(cancellationToken);
        return run.ExitCode == 0
            ? printed.Trim()
            : throw new InvalidOperationException($"saltern {arguments[0]} failed: {await errors}");
    }

    private const string KnownSql = "select count(*) from minion where key_status = 'accepted'";
}
