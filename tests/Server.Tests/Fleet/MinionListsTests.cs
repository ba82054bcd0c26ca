using Saltern.Rig;
using Saltern.Server.Fleet;

namespace Saltern.Server.Tests.Fleet;

public sealed class MinionListsTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly FleetUnderTest _fleet = new(database);

    public async ValueTask InitializeAsync()
    {
        if (await database.ScalarAsync<long>("select count(*) from minion") > 0)
        {
            return;
        }

        var master = await database.AddMasterAsync("salt1");
        for (var i = 0; i < 25; i++)
        {
            await database.AddMinionAsync(
                $"web{i:00}", i % 2 == 0 ? """{"os":"SLES","role":["a"]}""" : """{"os":"Debian"}""");
        }

        await database.AddMinionAsync("web07", """{"os":"SLES"}""", domain: "dmz");
        await database.AddMinionAsync("new1", status: "pending");
        await database.ExecuteAsync("update minion set master_id = $1 where minion_id = 'web03'", master);
        await database.ExecuteAsync(
            "insert into minion_contact select minion_key, $1 from minion where minion_id < 'web10'",
            FleetUnderTest.Start.AddMinutes(-14));
        await database.ExecuteAsync(
            "insert into minion_contact select minion_key, $1 from minion where minion_id between 'web10' and 'web12'",
            FleetUnderTest.Start.AddMinutes(-16));
        await database.ExecuteAsync("update minion set fingerprint_conflict = true where minion_id = 'web05'");
        await _fleet.Groups.CreateAsync("sles", "G@os:SLES", "ann", CancellationToken.None);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(27)]
    [InlineData(100)]
    public async Task Pages_follow_one_another_without_gap_or_repeat(int size)
    {
        var seen = new List<(string, string)>();
        MinionCursor? next = null;
        do
        {
            var page = Assert.IsType<MinionPage.Found>(
                await _fleet.Lists.ListAsync(new MinionFilter(), next, size, CancellationToken.None));
            Assert.InRange(page.Minions.Count, 1, size);
            seen.AddRange(page.Minions.Select(minion => (minion.MinionId, minion.KeyDomain)));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(27, seen.Distinct().Count());
        Assert.Equal(27, seen.Count);
        var ids = seen.Select(minion => minion.Item1).ToList();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    public async Task Each_filter_shows_those_it_names()
    {
        Assert.Equal(11, await CountAsync(new() { Id = "web0" }));
        Assert.Equal(3, await CountAsync(new() { Id = "web?[12]", KeyDomain = "default", Os = "Debian" })
            + await CountAsync(new() { Id = "web%" }));
        Assert.Equal(1, await CountAsync(new() { KeyStatus = KeyStatus.Pending }));
        Assert.Equal(12, await CountAsync(new() { Presence = Presence.Present }));
        Assert.Equal(3, await CountAsync(new() { Presence = Presence.Absent }));
        Assert.Equal(12, await CountAsync(new() { Presence = Presence.Unknown }));
        Assert.Equal(14, await CountAsync(new() { Os = "SLES" }));
        Assert.Equal(1, await CountAsync(new() { Master = "salt1" }));
        Assert.Equal(1, await CountAsync(new() { KeyDomain = "dmz" }));
        Assert.Equal(14, await CountAsync(new() { Group = "sles" }));
        Assert.Equal(13, await CountAsync(new() { Grain = "role:A" }));
        Assert.Equal(1, await CountAsync(new() { OnlyConflicts = true }));
        Assert.Equal(1, await CountAsync(new() { Os = "SLES", KeyDomain = "dmz", Presence = Presence.Present }));
    }

    [Theory]
    [InlineData("group", "no group 'x'")]
    [InlineData("grain", "is not a grain's name")]
    [InlineData("id", "NUL")]
    public async Task A_filter_that_cannot_be_used_is_named(string argument, string reason)
    {
        var filter = argument switch
        {
            "group" => new MinionFilter { Group = "x" },
            "grain" => new MinionFilter { Grain = "x" },
            _ => new MinionFilter { Id = "\0" },
        };

        var refused = Assert.IsType<MinionPage.Refused>(
            await _fleet.Lists.ListAsync(filter, null, 10, CancellationToken.None));

        Assert.Equal(argument, refused.Argument);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Counts_are_by_key_status_and_of_the_accepted_by_presence()
    {
        var counts = await _fleet.Lists.CountAsync(CancellationToken.None);

        Assert.Equal(26, counts.Accepted);
        Assert.Equal(1, counts.ByKeyStatus[KeyStatus.Pending]);
        Assert.Equal(
            (11, 3, 12),
            (counts.ByPresence[Presence.Present], counts.ByPresence[Presence.Absent],
                counts.ByPresence[Presence.Unknown]));
        Assert.Equal(1, counts.Conflicts);
    }

    [Fact]
    public async Task A_minion_is_found_by_its_id_in_each_domain_that_has_it()
    {
        Assert.Equal(2, (await _fleet.Lists.FindAsync("web07", null, CancellationToken.None)).Count);
        Assert.Single(await _fleet.Lists.FindAsync("web07", "dmz", CancellationToken.None));
        Assert.Empty(await _fleet.Lists.FindAsync("web\0", null, CancellationToken.None));
        Assert.Null(await _fleet.Lists.FindAsync(new MinionKey(-1), CancellationToken.None));
    }

    private async Task<int> CountAsync(MinionFilter filter) => Assert.IsType<MinionPage.Found>(
        await _fleet.Lists.ListAsync(filter, null, 1_000, CancellationToken.None)).Minions.Count;
}
