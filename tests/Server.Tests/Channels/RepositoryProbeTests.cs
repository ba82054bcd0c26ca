using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Saltern.Rig;
using Saltern.Server.Channels;
using Xunit;

namespace Saltern.Server.Tests.Channels;

/// <summary>The look whether a repository is there, at web servers that let in only whom they know.</summary>
public sealed class RepositoryProbeTests(PostgresServer server) : IAsyncLifetime
{
    private const string File = "/repo/repodata/repomd.xml";
    private const string Repomd = "<?xml version=\"1.0\"?><repomd/>";
    private const string Variable = "SALTERN_TEST_PROBE_SECRET";

    private static readonly string Basic =
        $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("lab:hunter2"))}";

    private readonly ConcurrentQueue<string> heard = [];
    private WebApplication known = null!;
    private WebApplication stranger = null!;
    private TestDatabase database = null!;
    private CoreRig rig = null!;

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable(Variable, "hunter2");
        stranger = await StartAsync(web => web.MapGet(File, (HttpRequest request) =>
        {
            heard.Enqueue($"{request.Headers.Authorization}{request.Headers["X-Lab"]}");
            return Repomd;
        }));
        known = await StartAsync(web =>
        {
            web.MapGet(File, (HttpRequest request) =>
                Answer(request.Headers.Authorization == Basic));
            web.MapGet("/header" + File, (HttpRequest request) =>
                Answer(request.Headers["X-Lab"] == "hunter2" && request.QueryString.Value == "?token=t"));
            web.MapGet("/moved" + File, () => TypedResults.Redirect(File));
            web.MapGet("/header/gone" + File, () => TypedResults.Redirect(Address(stranger).TrimEnd('/') + File));
            web.MapGet("/round" + File, () => TypedResults.Redirect("/round" + File));
        });
        database = await TestDatabase.CreateAsync(server);
        rig = await CoreRig.StartAsync(database, settings:
        [
            ("Channels:Credentials:0:Prefix", Address(known)), ("Channels:Credentials:0:Username", "lab"),
            ("Channels:Credentials:0:PasswordEnvironment", Variable),
            ("Channels:Credentials:1:Prefix", Address(known) + "header/"), ("Channels:Credentials:1:Header", "X-Lab"),
            ("Channels:Credentials:1:PasswordEnvironment", Variable),
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        await database.DisposeAsync();
        await known.DisposeAsync();
        await stranger.DisposeAsync();
    }

    [Theory]
    [InlineData("repo", true)]
    [InlineData("repo/", true)]
    [InlineData("moved/repo/", true)]
    [InlineData("header/repo?token=t", true)]
    [InlineData("header/repo/?token=t&credentials=lab", true)]
    [InlineData("header/repo/", false)]
    [InlineData("round/repo/", false)]
    public async Task It_is_let_in_with_what_minions_are_given(string path, bool available) =>
        Assert.Equal(available, (await LookAsync(path)).Available);

    [Fact]
    public async Task A_server_to_which_it_is_sent_on_is_told_no_secret()
    {
        Assert.True((await LookAsync("header/gone/repo/")).Available);
        Assert.Equal([""], heard);
    }

    private Task<(bool Available, string? Reason)> LookAsync(string path) =>
        rig.Get<RepositoryProbe>().LookAsync(Address(known) + path, CancellationToken.None);

    private static IResult Answer(bool letIn) =>
        letIn ? TypedResults.Text(Repomd) : TypedResults.Unauthorized();

    private static string Address(WebApplication web) => $"{web.Urls.First()}/";

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map)
    {
        var web = WebApplication.CreateSlimBuilder().Build();
        web.Urls.Add("http://127.0.0.1:0");
        map(web);
        await web.StartAsync();
        return web;
    }
}
