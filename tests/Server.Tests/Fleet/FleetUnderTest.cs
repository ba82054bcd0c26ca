using Microsoft.Extensions.Logging.Abstractions;
using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;
using KeyReading = Saltern.Server.Fleet.KeyReading;

namespace Saltern.Server.Tests.Fleet;

/// <summary>The slice over a database of its own, with masters that have keys and nothing else.</summary>
internal sealed class FleetUnderTest
{
    public static readonly DateTimeOffset Start = new(2026, 11, 22, 6, 0, 0, TimeSpan.Zero);

    public FleetUnderTest(TestDatabase database, params (MasterWithKeys Api, string Domain)[] masters)
    {
        var options = FleetGround.Options();
        var outage = new Outage(Clock, NullLogger<Outage>.Instance);
        Salt = new SaltMasters(masters.Select(master =>
            (new SaltMasterOptions { Name = master.Api.Master, KeyDomain = master.Domain }, (ISaltApi)master.Api)));
        Masters = new Masters(database.DataSource, Salt, Bells, options, Clock, NullLogger<Masters>.Instance);
        Keys = new KeyReading(
            database.DataSource, Salt, Masters, options, Clock, outage, NullLogger<KeyReading>.Instance);
        Orders = new KeyOrders(database.DataSource, Salt, Keys, options, NullLogger<KeyOrders>.Instance);
        Signs = new SignsOfLife(
            database.DataSource, Bells, options, Clock, outage, NullLogger<SignsOfLife>.Instance);
        Lists = new MinionLists(database.DataSource, options, Clock);
        Groups = new Groups(database.DataSource, Clock, NullLogger<Groups>.Instance);
        Sizes = new GroupSizes(database.DataSource);
        Facts = new MinionFacts(database.DataSource, NullLogger<MinionFacts>.Instance);
    }

    public TestClock Clock { get; } = new(Start);

    public Bells Bells { get; } = new();

    public SaltMasters Salt { get; }

    public Masters Masters { get; }

    public KeyReading Keys { get; }

    public KeyOrders Orders { get; }

    public SignsOfLife Signs { get; }

    public MinionLists Lists { get; }

    public Groups Groups { get; }

    public GroupSizes Sizes { get; }

    public MinionFacts Facts { get; }

    /// <summary>Asks every master for its keys.</summary>
    public async Task<IReadOnlyList<KeysRead>> ReadKeysAsync()
    {
        await Masters.RegisterAsync(CancellationToken.None);
        return await Keys.RunOnceAsync(all: true, CancellationToken.None);
    }

    /// <summary>Every minion in a line: id, domain, master, key status, fingerprint, and ! for a conflict.</summary>
    public static async Task<IReadOnlyList<string>> LinesAsync(TestDatabase database)
    {
        await using var command = database.DataSource.CreateCommand("""
            select concat_ws(' ', m.minion_id, d.name, coalesce(s.name, '-'), m.key_status, m.key_fingerprint,
                             case when m.fingerprint_conflict then '!' end)
            from minion m join key_domain d on d.id = m.key_domain_id left join master s on s.id = m.master_id
            order by m.minion_id, d.name
            """);
        return await command.ReadTextsAsync();
    }
}
