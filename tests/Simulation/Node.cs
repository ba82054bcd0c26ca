using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Dispatch;
using Saltern.Server.Fleet;
using Saltern.Server.Results;
using Saltern.Server.Salt;
using Saltern.Server.ServicePacks;

namespace Saltern.Simulation;

/// <summary>
/// One node: the server's slices without any loop, on a clock of its own. The simulation calls its passes. A node that
/// is killed drops whatever it was at; another one takes its name.
/// </summary>
internal sealed class Node : IAsyncDisposable
{
    /// <summary>Far more than any pass takes; only a mistake of the simulation's own reaches it.</summary>
    private static readonly TimeSpan LongestPass = TimeSpan.FromMinutes(1);

    private readonly ServiceProvider services;
    private readonly CancellationTokenSource life = new();
    private TaskCompletionSource<Standing> stands = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Node(World world, string name)
    {
        World = world;
        Name = name;
        Clock = new SkewedClock(world.Clock);
        services = Build();
    }

    public World World { get; }

    public string Name { get; }

    public SkewedClock Clock { get; }

    public List<OngoingPass> Ongoing { get; } = [];

    /// <summary>Claimed by this node and not sent yet: it was stopped in between.</summary>
    public List<(int Master, SubmissionId Submission)> Claimed { get; } = [];

    /// <summary>The whole process is stopped.</summary>
    public bool Sleeps => Ongoing.Exists(pass => pass.Standing is { HeldUntil: null });

    /// <summary>
    /// Whether a pass of this kind stands, or another one at the same master (the last word of its name): that one may
    /// have the login that both wait for.
    /// </summary>
    public bool IsAt(string pass) => Ongoing.Exists(one => one.Name.Split(' ')[^1] == pass.Split(' ')[^1]);

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    /// <summary>
    /// Runs a pass until it has ended or stands; false if it was ended by a fault of ours. Anything else is thrown.
    /// </summary>
    public Task<bool> RunAsync(string name, Func<CancellationToken, Task> pass) =>
        FollowAsync(new OngoingPass(name, pass(life.Token)));

    /// <summary>Goes on with a pass that stands, to its end or to where it stands next.</summary>
    public Task<bool> GoOnAsync(OngoingPass pass)
    {
        Ongoing.Remove(pass);
        pass.Standing!.Wake();
        return FollowAsync(pass);
    }

    public void Stand(Standing standing) => stands.TrySetResult(standing);

    public async Task MeetAsync(CallFault fault, CallFault sleep, CallFault kill, string where)
    {
        if (fault == kill)
        {
            World.Note($"  {Name} is killed {where}");
            throw new NodeKilledException();
        }

        // One that was drawn before the faults stopped, for a call that has been held meanwhile, would never be woken.
        if (fault == sleep && !World.IsHealed)
        {
            World.Note($"  {Name} falls asleep {where}");
            var standing = new Standing(where, heldUntil: null);
            Stand(standing);
            await standing.Woken;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pass in Ongoing)
        {
            pass.Standing!.Kill();
        }

        await life.CancelAsync();
        foreach (var pass in Ongoing)
        {
            await pass.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await services.DisposeAsync();
        life.Dispose();
    }

    private async Task<bool> FollowAsync(OngoingPass pass)
    {
        using var ended = new CancellationTokenSource();
        await Task.WhenAny(pass.Task, stands.Task, Task.Delay(LongestPass, TimeProvider.System, ended.Token));
        await ended.CancelAsync();
        if (!pass.Task.IsCompleted)
        {
            if (!stands.Task.IsCompleted)
            {
                throw new TimeoutException($"The pass '{pass.Name}' on {Name} neither ends nor stands.");
            }

            // A held call goes on as soon as the clock reaches its end: where it stands next is told from here on.
            pass.Standing = await stands.Task;
            stands = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Ongoing.Add(pass);
            return true;
        }

        stands = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await pass.Task;
            return true;
        }
        catch (Exception problem) when (IsOurFault(problem))
        {
            World.Note($"  {pass.Name} on {Name} was cut off");
            return false;
        }
    }

    private static bool IsOurFault(Exception problem) => problem is NodeKilledException
        || problem is PostgresException { SqlState: PostgresErrorCodes.AdminShutdown }
        || problem is NpgsqlException and not PostgresException;

    private ServiceProvider Build()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(World.Settings).Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddHttpClient();
        foreach (var settings in World.SaltSettings)
        {
            services.AddHttpClient(SaltTransport.ClientName(settings.Name))
                .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan)
                .ConfigurePrimaryHttpMessageHandler(_ => SaltHandler.For(settings))
                .RemoveAllLoggers();
        }

        services.AddSingleton(provider => new SaltMasters(World.SaltSettings.Select(
            (settings, index) => (settings, (ISaltApi)new FaultySalt(
                new SaltApi(
                    settings, provider.GetRequiredService<IHttpClientFactory>(), Clock,
                    provider.GetRequiredService<ILogger<SaltApi>>()),
                settings, World.Masters[index], this)))));
        services.AddSingleton(_ => NpgsqlDataSource.Create(World.NodeConnectionString));
        services.AddDatabase();
        services.AddFleet();
        services.AddActions();
        services.AddActionKinds();
        services.AddChannels();
        services.AddServicePacks();
        services.AddDispatch();
        services.AddResults();
        return services.BuildServiceProvider();
    }
}
