using Saltern.Rig;

namespace Saltern.Server.Tests.Housekeeping;

public sealed class JobCacheRestTests(PostgresServer server) : IAsyncLifetime
{
    private HousekeepingGround _ground = null!;

    public async ValueTask InitializeAsync() => _ground = await HousekeepingGround.MakeAsync(server);

    public ValueTask DisposeAsync() => _ground.DisposeAsync();

    [Fact]
    public async Task Jids_older_than_is_kept_go_in_batches_and_the_others_stay()
    {
        await _ground.Database.ExecuteAsync("""
            insert into salt.jids (jid, load)
            select '20260219' || lpad(n::text, 12, '0') || case when n % 2 = 0 then '_s1' else '' end, '{}'
            from generate_series(1, 12000) n
            """);
        string[] kept = ["20260220000000000000", "20260302080000000001_s1", "345", "action-345", "2026", "req"];
        foreach (var jid in kept)
        {
            await _ground.Master.SaveLoadAsync(jid, "{}");
        }

        Assert.Equal(12_000, await _ground.RemoveRestAsync());

        var left = await _ground.Master.GetJidsAsync();
        Assert.Equal(kept.Order(StringComparer.Ordinal), left.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_jid_of_a_job_that_is_not_settled_stays()
    {
        var (_, jid) = await _ground.OrderAsync(1);
        await _ground.Master.SaveLoadAsync(jid, "{}");
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(20));

        Assert.Equal(0, await _ground.RemoveRestAsync());
        await _ground.Rig.GiveUpAsync();
        Assert.Equal(1, await _ground.RemoveRestAsync());
    }

    [Fact]
    public async Task Returns_without_a_day_end_when_their_time_is_over_and_their_results_are_kept()
    {
        var (_, jid) = await _ground.OrderAsync(3);
        await _ground.ReturnAsync(jid, "m1", HousekeepingGround.Start, "1");
        await _ground.ReturnAsync(jid, "m2", HousekeepingGround.Start.AddYears(50), "2");
        await _ground.Master.ReturnerAsync(new Database.PgReturn(jid, "m3") { AlterTime = "null", Return = "3" });
        await _ground.Master.EventReturnAsync(("salt/minion/m1/start", "{}"));
        await _ground.Database.ExecuteAsync("update salt.salt_events set alter_time = '2026-03-02 08:00Z'");
        await _ground.Rig.SettleAsync();
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(10));
        Assert.Equal(0, await _ground.RemoveRestAsync());

        _ground.Rig.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(4, await _ground.RemoveRestAsync());

        Assert.Equal("1 2 3", await _ground.Database.ScalarAsync<string>(
            "select string_agg(result, ' ' order by minion_key) from kept_result"));
        Assert.Equal(0, await _ground.CountAsync("salt.salt_returns"));
        Assert.Equal(0, await _ground.CountAsync("salt.salt_events"));
    }

    [Fact]
    public async Task Returns_without_a_day_that_are_not_settled_stay()
    {
        var (_, jid) = await _ground.OrderAsync(2);
        await _ground.ReturnAsync(jid, "m1", HousekeepingGround.Start);
        await _ground.ReturnAsync("20260302080000000009_s1", "m2", HousekeepingGround.Start);
        _ground.Rig.Clock.Advance(TimeSpan.FromDays(20));
        Assert.Equal(0, await _ground.RemoveRestAsync());

        // The stranger goes as soon as the settler has seen it; the other target of the job still is picked up.
        await _ground.Rig.SettleAsync();
        Assert.Equal(1, await _ground.RemoveRestAsync());
        Assert.Equal(1, await _ground.CountAsync("salt.salt_returns"));
    }
}
