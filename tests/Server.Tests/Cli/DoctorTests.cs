using System.Text.Json;
using Saltern.Cli;
using Saltern.Cli.Doctor;
using Saltern.Server.Tests.Gates;

namespace Saltern.Server.Tests.Cli;

public sealed class DoctorTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("saltern-doctor-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task The_settings_that_we_ship_are_good_once_the_secret_is_set()
    {
        var shipped = SourceTree.Read("salt/saltern.conf");
        await WriteAsync("master.d/saltern.conf", shipped);
        var example = await CliRun.OfAsync("doctor", folder.FullName, "-o", "json");
        Assert.Equal(ExitCodes.ActionFailed, example.ExitCode);
        Assert.Equal(["sharedsecret"], Bad(example));

        await WriteAsync("master.d/zz.conf", "sharedsecret: 6f1c0b7a9d2e4f58a1b3c5d7e9f01234\n");
        var set = await CliRun.OfAsync("doctor", folder.FullName);
        Assert.Equal(ExitCodes.Ok, set.ExitCode);
        Assert.Contains("Users have rights", set.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_ours_in_the_settings_is_said_key_by_key()
    {
        await WriteAsync("master", "interface: 127.0.0.1\n");
        var run = await CliRun.OfAsync("doctor", folder.FullName, "-o", "json");

        Assert.Equal(ExitCodes.ActionFailed, run.ExitCode);
        Assert.Equal(
            [
                "master_job_cache", "event_return", "keep_jobs_seconds", "master_id", "netapi_enable_clients",
                "external_auth", "rest_cherrypy",
            ],
            Bad(run));
    }

    [Theory]
    [InlineData("master_job_cache: pgjsonb", "master_job_cache", "lost for good while PostgreSQL is away")]
    [InlineData("master_job_cache: pgjsonb", "master_job_cache", "in clear")]
    [InlineData("master_job_cache: pgjsonb", "keep_jobs_seconds", "which is a day")]
    [InlineData("master_job_cache: pgjsonb\nkeep_jobs: 48", "keep_jobs_seconds", "keep_jobs is 48")]
    [InlineData("master_job_cache: mysql", "master_job_cache", "'mysql' does not write into Saltern's tables")]
    [InlineData("event_return: pgjsonb", "event_return", "lost while PostgreSQL is away")]
    [InlineData("event_return: [saltern]", "event_return_whitelist", "a second time")]
    [InlineData("event_return: [saltern]\nevent_return_whitelist: ['salt/job/*']", "event_return_whitelist", "minion")]
    [InlineData("event_return: saltern\nevent_return_whitelist: ['salt/*']", "event_return_whitelist", "lets returns")]
    [InlineData("netapi_enable_clients: [local_async, runner]", "netapi_enable_clients", "lacks wheel")]
    [InlineData("netapi_enable_clients: [local]", "netapi_enable_clients", "nothing can be handed out")]
    [InlineData("external_auth: {pam: {lab: ['.*', '@runner']}}", "external_auth", "@wheel")]
    [InlineData("external_auth: {sharedsecret: {lab: ['@wheel']}}\nsharedsecret: short", "sharedsecret", "short")]
    [InlineData("rest_cherrypy: {port: 8000}", "max_request_body_size", "larger scripts are refused")]
    [InlineData(
        "master_job_cache: saltern\nreturner.saltern.host: db.example.org", "returner.saltern.sslmode", "in clear")]
    [InlineData("master_job_cache: saltern\nreturner.pgjsonb.user: postgres", "returner.saltern.user", "anything")]
    [InlineData("master_job_cache: saltern", "returner_dirs", "Not set")]
    public void What_is_at_risk_is_said(string settings, string key, string says)
    {
        var finding = Assert.Single(
            MasterDiagnosis.Of(MasterSettings.Parse(settings)), one => one.Key == key && !one.Good);
        Assert.Contains(says, finding.Says, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("master_job_cache: saltern", "master_job_cache")]
    [InlineData("master_job_cache: saltern", "keep_jobs_seconds")]
    [InlineData("keep_jobs: 0", "keep_jobs_seconds")]
    [InlineData("event_return: saltern", "event_return")]
    [InlineData(
        "event_return: saltern\nevent_return_whitelist: ['salt/minion/*', 'salt/job/*/new']", "event_return_whitelist")]
    [InlineData("netapi_enable_clients: [local_async, runner, wheel, local]", "netapi_enable_clients")]
    [InlineData("external_auth: {pam: {lab: ['.*', '@runner', {'@wheel': ['key.*']}]}}", "external_auth")]
    [InlineData("master_id: one", "master_id")]
    public void What_is_good_is_said(string settings, string key) =>
        Assert.True(Assert.Single(MasterDiagnosis.Of(MasterSettings.Parse(settings)), one => one.Key == key).Good);

    [Fact]
    public async Task Later_files_replace_keys_of_earlier_ones_and_one_file_can_be_looked_at_alone()
    {
        await WriteAsync("master", "master_job_cache: local_cache\nmaster_id: a\n");
        await WriteAsync("master.d/10.conf", "master_job_cache: pgjsonb\n");
        await WriteAsync("master.d/20.conf", "master_job_cache: saltern\n");
        await WriteAsync("master.d/30.conf.rpmnew", "master_job_cache: pgjsonb\n");

        Assert.DoesNotContain("master_job_cache", Bad(await CliRun.OfAsync("doctor", folder.FullName, "-o", "json")));
        var alone = await CliRun.OfAsync("doctor", Path.Combine(folder.FullName, "master.d/10.conf"), "-o", "json");
        Assert.Contains("master_job_cache", Bad(alone));
    }

    [Fact]
    public async Task Settings_that_cannot_be_read_are_a_sentence_and_an_exit_code()
    {
        Assert.Equal(ExitCodes.Usage, (await CliRun.OfAsync("doctor", "/nowhere/at/all")).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await CliRun.OfAsync("doctor", folder.FullName)).ExitCode);
        await WriteAsync("master", "a: b\n  c: [\n");
        var broken = await CliRun.OfAsync("doctor", folder.FullName);
        Assert.Equal(ExitCodes.Usage, broken.ExitCode);
        Assert.Contains("master, line 2", broken.Error, StringComparison.Ordinal);
    }

    private static List<string> Bad(CliRun run) => [.. JsonDocument.Parse(run.Output).RootElement.EnumerateArray()
        .Where(one => !one.GetProperty("good").GetBoolean()).Select(one => one.GetProperty("key").GetString()!)];

    private async Task WriteAsync(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text);
    }
}
