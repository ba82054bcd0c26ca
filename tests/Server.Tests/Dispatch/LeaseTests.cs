using Microsoft.Extensions.Configuration;
using Saltern.Server.Settings;

namespace Saltern.Server.Tests.Dispatch;

public sealed class LeaseTests
{
    [Theory]
    [InlineData("00:00:20")]
    [InlineData("00:00:30")]
    public async Task A_lease_that_a_call_could_outlast_stops_the_start(string lease)
    {
        var refusal = await Assert.ThrowsAsync<SettingsException>(() => StartAsync(lease));

        Assert.Contains(
            $"Dispatch:Lease is '{lease}', which is not allowed. It must be longer than "
            + "Masters:1:SubmitTimeoutSeconds, which is '30'",
            refusal.Message);
        Assert.DoesNotContain("Masters:0", refusal.Message);
    }

    [Fact]
    public async Task A_lease_is_not_blamed_for_masters_that_cannot_be_read()
    {
        var refusal = await Assert.ThrowsAsync<SettingsException>(
            () => StartAsync("00:00:20", ("Masters:1:SubmitTimeoutSeconds", "301")));

        Assert.DoesNotContain("Dispatch:Lease", refusal.Message);
        Assert.Single(refusal.Message.Split('\n'), line => line.Contains("SubmitTimeoutSeconds"));
    }

    private static Task StartAsync(string lease, params (string Key, string Value)[] more)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Database:ConnectionString"] = "Host=/nowhere", ["Dispatch:Lease"] = lease,
            ["Masters:0:Name"] = "quick", ["Masters:0:Url"] = "http://127.0.0.1:1",
            ["Masters:0:Username"] = "saltern", ["Masters:0:PasswordEnvironment"] = "PATH",
            ["Masters:0:SubmitTimeoutSeconds"] = "10",
            ["Masters:1:Name"] = "slow", ["Masters:1:Url"] = "http://127.0.0.1:1",
            ["Masters:1:Username"] = "saltern", ["Masters:1:PasswordEnvironment"] = "PATH",
        };
        foreach (var (key, value) in more)
        {
            settings[key] = value;
        }

        return SalternServer.StartAsync(
            builder => builder.AddInMemoryCollection(settings), null, TestContext.Current.CancellationToken);
    }
}
