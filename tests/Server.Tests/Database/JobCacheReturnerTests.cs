using Npgsql;
using Saltern.Rig;

namespace Saltern.Server.Tests.Database;

/// <summary>Every statement of the stock returner, sent by a master's login.</summary>
public sealed class JobCacheReturnerTests(PostgresServer server) : IAsyncLifetime
{
    private const string OurJid = "20260302080000000001_s1";
    private const string TheirJid = "20260302080000000002";

    private TestDatabase _database = null!;
    private PgJsonb _master = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(server);
        _master = await PgJsonb.LogInAsync(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _master.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_return_is_stored_and_found_again_by_jid_and_by_minion()
    {
        await _master.ReturnerAsync(new PgReturn(OurJid, "web1"));
        await _master.ReturnerAsync(new PgReturn(OurJid, "web2") { Success = "false" });
        await _master.ReturnerAsync(new PgReturn(TheirJid, "web1"));

        Assert.Equal(["web1", "web2"], (await _master.GetJidAsync(OurJid)).Order());
        Assert.Equal(["web1", "web2"], (await _master.GetMinionsAsync()).Order());
        Assert.Equal("false", await _database.ScalarAsync<string>(
            "select success from salt.salt_returns where id = 'web2'"));
    }

    [Fact]
    public async Task A_load_is_stored_and_overwritten_by_the_second()
    {
        await _master.SaveLoadAsync(OurJid, """{"fun": "test.ping"}""");
        await _master.SaveLoadAsync(OurJid, """{"return": "a\u0000b"}""");

        Assert.Equal(["""{"return": "a\u0000b"}"""], await _master.GetLoadAsync(OurJid));
        Assert.Equal([OurJid], await _master.GetJidsAsync());
        Assert.Empty(await _master.GetLoadAsync("20260302080000000009"));
    }

    [Fact]
    public async Task Events_are_stored_with_numbers_of_their_own()
    {
        await _master.EventReturnAsync(("salt/job/1/new", "{}"), ("salt/minion/web1/start", """{"id": "web1"}"""));

        Assert.Equal(2, await _database.ScalarAsync<long>("select count(distinct id) from salt.salt_events"));
        Assert.Equal("web1", await _database.ScalarAsync<string>("select minion_id from start_inbox"));
        Assert.Equal(1, await _database.ScalarAsync<long>("select count(*) from start_inbox"));
    }

    [Fact]
    public async Task An_event_with_a_tag_of_any_length_does_not_cost_the_others_of_its_batch()
    {
        var random = new Random(1);
        var tag = string.Concat(Enumerable.Range(0, 50_000).Select(_ => (char)random.Next('a', 'z')));

        await _master.EventReturnAsync(("salt/minion/web1/start", "{}"), ($"salt/minion/{tag}/start", "{}"));

        Assert.Equal(2, await _database.ScalarAsync<long>("select count(*) from salt.salt_events"));
        Assert.Equal(2, await _database.ScalarAsync<long>("select count(*) from start_inbox"));
    }

    [Fact]
    public async Task The_look_up_by_function_fails_by_its_own_syntax_as_it_does_on_stock_tables()
    {
        var ours = await Assert.ThrowsAsync<PostgresException>(() => _master.GetFunAsync("test.ping"));

        await _database.ExecuteAsync("create temp table salt_returns (fun text, jid text, id text, full_ret jsonb)");
        var stock = await Assert.ThrowsAsync<PostgresException>(() => _database.ExecuteAsync(
            "select max(`jid`) as jid from salt_returns group by fun, id"));
        Assert.Equal(PostgresErrorCodes.SyntaxError, ours.SqlState);
        Assert.Equal(stock.SqlState, ours.SqlState);
    }

    [Fact]
    public async Task The_clean_up_succeeds_and_removes_nothing_whether_settled_or_not()
    {
        await _master.SaveLoadAsync(OurJid, "{}");
        await _master.SaveLoadAsync(TheirJid, "{}");
        await _master.ReturnerAsync(new PgReturn(OurJid, "settled"));
        await _database.ExecuteAsync("delete from inbox");
        await _master.ReturnerAsync(new PgReturn(OurJid, "unsettled"));
        await _master.ReturnerAsync(new PgReturn(TheirJid, "of-others") { AlterTime = "to_timestamp(0)" });
        await _master.EventReturnAsync(("salt/minion/web1/start", "{}"));

        Assert.Equal(0, await _master.CleanOldJobsAsync(keepJobsSeconds: -60));

        Assert.Equal(3, await _database.ScalarAsync<long>("select count(*) from salt.salt_returns"));
        Assert.Equal(2, await _database.ScalarAsync<long>("select count(*) from salt.jids"));
        Assert.Equal(1, await _database.ScalarAsync<long>("select count(*) from salt.salt_events"));
    }

    [Fact]
    public async Task Archiving_is_refused_and_does_no_harm()
    {
        await _master.SaveLoadAsync(OurJid, "{}");
        await _master.ReturnerAsync(new PgReturn(OurJid, "web1"));

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => _master.ArchiveJobsAsync(keepJobsSeconds: -60));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        Assert.Equal(["web1"], await _master.GetJidAsync(OurJid));
        Assert.Equal([OurJid], await _master.GetJidsAsync());
    }
}
