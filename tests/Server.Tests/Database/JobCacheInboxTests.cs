using Saltern.Rig;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Database;

/// <summary>What the trigger makes of rows that nobody expects: every one is stored, ours reach the inbox.</summary>
public sealed class JobCacheInboxTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly string[] UnreadableTimes =
        ["'infinity'", "'-infinity'", "'294276-12-31 23:59:59Z'", "'4713-01-01 00:00:00Z BC'"];

    private PgJsonb _master = null!;

    public async ValueTask InitializeAsync()
    {
        _master = await PgJsonb.LogInAsync(database);
        await database.ExecuteAsync("truncate inbox, salt.salt_returns");
    }

    public ValueTask DisposeAsync() => _master.DisposeAsync();

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("'maybe'", false)]
    [InlineData("''", false)]
    [InlineData("'True'", false)]
    [InlineData("'1'", false)]
    public async Task Only_the_word_true_counts_as_success(string written, bool success)
    {
        await _master.ReturnerAsync(new PgReturn("20260302080000000001_s1", "web1") { Success = written });

        Assert.Equal([("20260302080000000001_s1", "web1", success)], await InboxAsync());
    }

    [Theory]
    [InlineData("20260302080000000001")]
    [InlineData("20260302080000000001_s2")]
    [InlineData("20260302080000000001xs1")]
    [InlineData("req")]
    [InlineData("")]
    public async Task Jobs_of_others_are_stored_and_stay_out_of_the_inbox(string jid)
    {
        await _master.ReturnerAsync(new PgReturn(jid, "web1"));

        Assert.Equal(["web1"], await _master.GetJidAsync(jid));
        Assert.Empty(await InboxAsync());
    }

    [Fact]
    public async Task Unknown_jids_with_our_tag_reach_the_inbox_however_long_and_odd()
    {
        string[] jids = ["_s1", "99999999999999999999_s1", new string('9', 300) + "_s1", "a'\\\n\t_s1"];
        foreach (var jid in jids)
        {
            await _master.ReturnerAsync(new PgReturn(jid, "web1"));
        }

        Assert.Equal(jids.Select(jid => (jid, "web1", true)), await InboxAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b\\c%_\"'\n")]
    [InlineData("日本語-😀")]
    public async Task Minions_of_any_name_reach_the_inbox(string minion)
    {
        await _master.ReturnerAsync(new PgReturn("20260302080000000001_s1", minion) { Fun = "" });

        Assert.Equal([("20260302080000000001_s1", minion, true)], await InboxAsync());
    }

    [Theory]
    [InlineData("""
        "before\u0000after"
        """)]
    [InlineData("""
        "a lone \ud800 surrogate"
        """)]
    [InlineData("null")]
    [InlineData("""
        {"a": 1, "a": 2, "": [[[[]]]]}
        """)]
    [InlineData("1e999999")]
    public async Task Bodies_that_jsonb_refuses_or_changes_are_stored_as_they_came(string body)
    {
        await _master.ReturnerAsync(new PgReturn("20260302080000000001_s1", "web1") { Return = body });

        Assert.Equal(body, await database.ScalarAsync<string>("select return::text from salt.salt_returns"));
        Assert.Single(await InboxAsync());
    }

    [Fact]
    public async Task A_body_of_20_megabytes_is_stored_and_its_inbox_row_is_as_small_as_any()
    {
        var body = $"\"{new string('x', 20_000_000)}\"";
        await _master.ReturnerAsync(new PgReturn("20260302080000000001_s1", "web1") { Return = body });

        Assert.Equal(20_000_002, await database.ScalarAsync<int>("select length(return::text) from salt.salt_returns"));
        Assert.True(await database.ScalarAsync<int>("select pg_column_size(i) from inbox i") < 200);
    }

    [Fact]
    public async Task A_time_that_no_program_can_hold_is_stored_and_the_inbox_row_goes_without()
    {
        foreach (var time in UnreadableTimes)
        {
            await _master.ReturnerAsync(new PgReturn("20260302080000000001_s1", "web1") { AlterTime = time });
        }

        Assert.Equal(4, await database.ScalarAsync<long>("select count(*) from salt.salt_returns"));
        Assert.Equal(4, await database.ScalarAsync<long>("select count(*) from inbox where returned_at is null"));
    }

    [Fact]
    public async Task The_inbox_row_points_to_the_return_by_its_time()
    {
        await _master.ReturnerAsync(new PgReturn("20260302080000000001_s1", "web1"));

        Assert.True(await database.ScalarAsync<bool>("""
            select i.returned_at = r.alter_time from inbox i join salt.salt_returns r using (jid)
            """));
    }

    private async Task<List<(string, string, bool)>> InboxAsync()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await Statement.QueryAsync(
            connection, "select jid, minion_id, success from inbox order by id", [],
            row => (row.GetString(0), row.GetString(1), row.GetBoolean(2)), CancellationToken.None);
    }
}
