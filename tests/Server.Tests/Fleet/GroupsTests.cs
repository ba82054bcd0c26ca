using Saltern.Rig;
using Saltern.Server.Fleet;

namespace Saltern.Server.Tests.Fleet;

public sealed class GroupsTests(PostgresServer server) : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private Groups _groups = null!;
    private GroupSizes _sizes = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(server);
        var fleet = new FleetUnderTest(_database);
        (_groups, _sizes) = (fleet.Groups, fleet.Sizes);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_group_by_hand_takes_and_gives_back_members()
    {
        var (web1, web2) = (await _database.AddMinionAsync("web1"), await _database.AddMinionAsync("web2"));
        var group = await CreateAsync("webs");

        Assert.Equal(2, await _groups.AddMembersAsync(group, [web1, web2, new MinionKey(999)], CancellationToken.None));
        Assert.Equal(0, await _groups.AddMembersAsync(group, [web1], CancellationToken.None));
        Assert.Equal(["web1", "web2"], await _database.SelectAsync(new() { Group = "webs" }));
        Assert.Equal(1, await _groups.RemoveMembersAsync(group, [web1], CancellationToken.None));
        Assert.Equal(["web2"], await _database.SelectAsync(new() { Group = "webs" }));
    }

    [Fact]
    public async Task A_group_by_rule_has_whoever_matches_and_no_members_by_hand()
    {
        var web1 = await _database.AddMinionAsync("web1", """{"os":"SLES"}""");
        var group = await CreateAsync("hand");
        await _groups.AddMembersAsync(group, [web1], CancellationToken.None);

        await _groups.UpdateAsync(group, "sles", "G@os:SLES and not db*", "bob", CancellationToken.None);
        await _database.AddMinionAsync("db1", """{"os":"SLES"}""");
        await _database.AddMinionAsync("web2", """{"os":"SLES"}""");

        Assert.Equal(["web1", "web2"], await _database.SelectAsync(new() { Group = "sles" }));
        Assert.Equal(0, await _groups.AddMembersAsync(group, [web1], CancellationToken.None));
        var listed = Assert.Single(await _groups.ListAsync("", 10, CancellationToken.None));
        Assert.Equal(("sles", "G@os:SLES and not db*", null), (listed.Name, listed.Rule, listed.Members));
        Assert.Equal(0L, await _database.ScalarAsync<long>("select count(*) from minion_group_member"));
    }

    [Fact]
    public async Task Groups_are_counted_together_and_a_scan_that_takes_too_long_is_given_up()
    {
        var web1 = await _database.AddMinionAsync("web1", """{"os":"SLES","role":"front"}""");
        await _database.AddMinionAsync("web2", """{"os":"SLES"}""");
        await _groups.AddMembersAsync(await CreateAsync("hand"), [web1], CancellationToken.None);
        await CreateAsync("role", "G@role:front");
        await CreateAsync("rest", "web* and not N@hand");
        await CreateAsync("none", "db*");
        await CreateAsync("all", "N@rest or N@hand");

        Assert.Equal(
            [("all", 2), ("hand", 1), ("none", 0), ("rest", 1), ("role", 1)],
            await CountAsync(TimeSpan.FromSeconds(30)));

        await using var other = await _database.DataSource.OpenConnectionAsync();
        await using var locked = await other.BeginTransactionAsync();
        await using var command = new Npgsql.NpgsqlCommand("lock table minion in access exclusive mode", other);
        await command.ExecuteNonQueryAsync();
        Assert.Equal([("hand", 1)], await CountAsync(TimeSpan.FromMilliseconds(50)));
    }

    [Theory]
    [InlineData("x", "G@os", "rule", "expected a grain's name")]
    [InlineData("x", "N@missing", "rule", "no group 'missing'")]
    [InlineData("x", "N@x", "rule", "x contains x")]
    [InlineData("x", "E@(", "rule", "not a regular expression")]
    [InlineData("x", "a\0", "rule", "At position 2 there is a character")]
    [InlineData("with space", "*", "name", "A group's name is")]
    [InlineData("", "*", "name", "A group's name is")]
    [InlineData("..", "*", "name", "not just '.' or '..'")]
    [InlineData("taken", "*", "name", "There is a group 'taken' already")]
    public async Task A_group_that_could_not_be_resolved_is_refused_and_not_there(
        string name, string rule, string argument, string reason)
    {
        await CreateAsync("taken");

        var refused = Assert.IsType<GroupOutcome.Refused>(
            await _groups.CreateAsync(name, rule, "ann", CancellationToken.None));

        Assert.Equal(argument, refused.Argument);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Single(await _groups.ListAsync("", 10, CancellationToken.None));
    }

    [Fact]
    public async Task No_two_writers_can_close_a_circle_together()
    {
        var (a, b) = (await CreateAsync("a"), await CreateAsync("b"));

        var outcomes = await Task.WhenAll(
            _groups.UpdateAsync(a, "a", "N@b", "ann", CancellationToken.None),
            _groups.UpdateAsync(b, "b", "N@a", "bob", CancellationToken.None));

        Assert.Single(outcomes.OfType<GroupOutcome.Done>());
        var refused = Assert.Single(outcomes.OfType<GroupOutcome.Refused>());
        Assert.Contains("contain themselves", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_that_a_rule_names_can_be_neither_renamed_nor_deleted()
    {
        var used = await CreateAsync("used");
        var user = await CreateAsync("user", "web* and not N@used");

        Assert.IsType<GroupOutcome.Refused>(
            await _groups.UpdateAsync(used, "new", null, "ann", CancellationToken.None));
        Assert.IsType<GroupOutcome.Refused>(await _groups.DeleteAsync(used, "ann", CancellationToken.None));
        Assert.IsType<GroupOutcome.Done>(await _groups.DeleteAsync(user, "ann", CancellationToken.None));
        Assert.IsType<GroupOutcome.Done>(await _groups.DeleteAsync(used, "ann", CancellationToken.None));
        Assert.IsType<GroupOutcome.Unknown>(await _groups.DeleteAsync(used, "ann", CancellationToken.None));
    }

    [Fact]
    public void Groups_that_double_at_every_level_are_refused_before_they_are_built()
    {
        var groups = Enumerable.Range(0, 19).ToDictionary(i => $"g{i}", i => Read($"N@g{i + 1} or N@g{i + 1}"));
        groups["g19"] = Read("web*");

        var (expression, problem) = GroupLookup.Expand(Read("N@g0"), groups);

        Assert.Null(expression);
        Assert.Contains("more than 5000 matchers", problem, StringComparison.Ordinal);
    }

    private async Task<IEnumerable<(string Name, int Minions)>> CountAsync(TimeSpan within)
    {
        var groups = await _groups.ListAsync("", 10, CancellationToken.None);
        var sizes = await _sizes.CountAsync(groups, within, CancellationToken.None);
        return groups.Where(group => sizes.ContainsKey(group.Id)).Select(group => (group.Name, sizes[group.Id]));
    }

    private static CompoundExpression Read(string text) =>
        Assert.IsType<CompoundReading.Understood>(CompoundReader.Read(text)).Expression;

    private async Task<GroupId> CreateAsync(string name, string? rule = null) =>
        Assert.IsType<GroupOutcome.Done>(await _groups.CreateAsync(name, rule, "ann", CancellationToken.None)).Group;
}
