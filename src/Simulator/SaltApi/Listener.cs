using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Saltern.Simulator.SaltApi;

/// <summary>
/// One port on 127.0.0.1 that can be closed and opened again while the simulation goes on: a service that is not there
/// refuses connections, and only a closed port does that.
/// </summary>
internal sealed class Listener(int wantedPort, RequestDelegate handler) : IAsyncDisposable
{
    private const long LongestBody = 64L << 20;

    private readonly SemaphoreSlim gate = new(1, 1);
    private WebApplication? application;

    public int Port { get; private set; } = wantedPort;

    public Uri Address => new($"http://127.0.0.1:{Port}/");

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (application is not null)
            {
                return;
            }

            application = Build();
            await application.StartAsync(cancellationToken);
            IServer server = application.Services.GetRequiredService<IServer>();
            Port = new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (application is not null)
            {
                await application.StopAsync(cancellationToken);
                await application.DisposeAsync();
                application = null;
            }
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(CancellationToken.None);
        gate.Dispose();
    }

    private WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, Port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LongestBody;
        });

        // Requests that hang on purpose would otherwise hold up the end for half a minute.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
        WebApplication built = builder.Build();
        built.Run(handler);
        return built;
    }
}
