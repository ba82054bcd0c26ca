using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

/// <summary>A master in the settings, connected the way the server does it.</summary>
internal sealed class TestMaster : IDisposable
{
    public const string Password = "lab-shared-secret";

    private const string PasswordVariable = "SALTERN_TESTS_MASTER_PASSWORD";

    private readonly ServiceProvider services;

    static TestMaster() => Environment.SetEnvironmentVariable(PasswordVariable, Password);

    private TestMaster(ServiceProvider services)
    {
        this.services = services;
        Api = services.GetRequiredService<SaltMasters>().TryGet("m", out var api)
            ? api
            : throw new InvalidOperationException("The settings have no master m.");
    }

    public ISaltApi Api { get; }

    public static Jid Jid { get; } = Jid.Create(new DateTimeOffset(2026, 11, 22, 3, 48, 28, TimeSpan.Zero), 42);

    public static TestMaster At(string url, params (string Key, string Value)[] settings) =>
        At(url, null, null, settings);

    public static TestMaster At(
        string url, TimeProvider? clock, ILoggerProvider? logs, params (string Key, string Value)[] settings)
    {
        var services = new ServiceCollection().AddLogging(logging => logging.ClearProviders());
        if (clock is not null)
        {
            services.AddSingleton(clock);
        }
        if (logs is not null)
        {
            services.AddSingleton(logs);
        }
        services.AddSalt(Settings([("Url", url), .. settings]));
        return new TestMaster(services.BuildServiceProvider());
    }

    /// <summary>Settings with one master, usable as they are but for what is given.</summary>
    public static IConfigurationRoot Settings(params (string Key, string? Value)[] settings)
    {
        var master = new Dictionary<string, string?>
        {
            ["Masters:0:Name"] = "m",
            ["Masters:0:Url"] = "http://127.0.0.1:1/",
            ["Masters:0:Username"] = "lab",
            ["Masters:0:PasswordEnvironment"] = PasswordVariable,
        };
        foreach (var (key, value) in settings)
        {
            master[$"Masters:0:{key}"] = value;
        }
        return new ConfigurationBuilder().AddInMemoryCollection(master).Build();
    }

    public Task<SubmitOutcome> PingAsync(params string[] minions) => Api.SubmitAsync(
        new SaltCall("test.ping"), [.. minions.DefaultIfEmpty("m1").Select(MinionId.Parse)], Jid, SaltMetadata.None,
        TestContext.Current.CancellationToken);

    public void Dispose() => services.Dispose();
}
