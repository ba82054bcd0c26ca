using Saltern.Rig;

namespace Saltern.Server.Tests.Database;

/// <summary>Rows outside any day's partition have a home, and settle like all others.</summary>
public sealed class JobCacheOutsideDaysTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly string[] Times =
    [
        "to_timestamp(0)", "now() + interval '50 years'", "null", "'infinity'", "'-infinity'", "'20000-01-01Z'",
        "'294276-01-01Z'",
    ];

    private static readonly string[] Final = ["Completed", "Failed"];

    [Fact]
    public async Task They_land_in_the_default_partition_and_settle()
    {
        await using var rig = await CoreRig.StartAsync(database);
        await using var master = await PgJsonb.LogInAsync(database);
        await rig.AddMinionsAsync(Times.Length);
        // Failures of this kind have their bodies read, so that the pointer is followed too.
        var action = await rig.ScheduleAsync("salt.call", """{"function": "test.ping"}""");
        await rig.DispatchAsync();
        var jid = rig.Salt[0].Submissions.Single().Jid;

        foreach (var (time, number) in Times.Select((time, number) => (time, number + 1)))
        {
            await master.ReturnerAsync(new PgReturn(jid, $"m{number}") { AlterTime = time, Success = "false" });
        }

        Assert.Equal(Times.Length, await database.ScalarAsync<long>("select count(*) from salt.salt_returns_default"));
        Assert.Equal(Times.Length, await rig.SettleAsync());
        Assert.All(await rig.StatusesAsync(action), target => Assert.Contains(target.Value, Final));
    }
}
