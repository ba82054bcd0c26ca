using System.Text.Json;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Fleet;

namespace Saltern.Server.Tests.Fleet;

public sealed class TargetSelectorTests(TestDatabase database, PostgresServer server)
    : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private static readonly (string Id, string Grains)[] Fleet =
    [
        ("db1", """{"os":"SLES","osrelease":"15.6","roles":["Database","backup"],"ipv4":["10.1.0.1","127.0.0.1"]}"""),
        ("db2", """{"os":"SLES","osrelease":"12.5","roles":[],"ipv4":["10.2.0.1"],"ipv6":["fd00::2","::1"]}"""),
        ("web1", """{"os":"Ubuntu","systemd":{"version":"255","features":"+PAM"},"ipv4":["192.168.0.1"]}"""),
        (
            "web2",
            """{"os":"SLES","num_cpus":8,"virtual":null,"uefi":true,"gpus":[{"vendor":"nvidia","model":"A:1"}]}"""),
        ("Web3", """{"os":"sles_sap","selinux":{"enabled":false,"a:b":"c"},"path":"a:b","disks":[["x"],"sda"]}"""),
        ("bare", "{}"),
    ];

    public async ValueTask InitializeAsync()
    {
        if (await database.ScalarAsync<long>("select count(*) from minion") > 0)
        {
            return;
        }

        foreach (var (id, grains) in Fleet)
        {
            await database.AddMinionAsync(id, grains);
        }

        await database.AddMinionAsync("pending1", """{"os":"SLES"}""", status: "pending");
        await database.AddMinionAsync("gone1", status: "deleted");
        await database.AddMinionAsync("db1", """{"os":"Other"}""", domain: "elsewhere");
        await database.AddMinionAsync("only-there", domain: "elsewhere");
        await database.AddMinionAsync("pending1", domain: "elsewhere", status: "deleted");
        await database.ExecuteAsync("""
            insert into minion_group (name, rule, created_by, created_at) values
                ('hand', null, 'test', now()), ('sles', 'G@os:SLES', 'test', now()),
                ('webs', 'E@(?i)web and N@sles', 'test', now()), ('a', 'N@b or x', 'test', now()),
                ('b', 'not N@a', 'test', now()), ('lost', 'N@nowhere', 'test', now())
            """);
        await database.ExecuteAsync("""
            insert into minion_group_member
            select g.id, m.minion_key from minion_group g, minion m
            where g.name = 'hand' and m.minion_id in ('db2', 'bare', 'pending1')
            """);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("*", "Web3 bare db1 db2 web1 web2")]
    [InlineData("web*", "web1 web2")]
    [InlineData("WEB*", "")]
    [InlineData("web?", "web1 web2")]
    [InlineData("[dw]*[!1]", "db2 web2")]
    [InlineData("?eb[2-3]", "Web3 web2")]
    [InlineData("web1", "web1")]
    [InlineData("web.", "")]
    [InlineData("web1|db1", "")]
    [InlineData("'; drop table minion; --", "")]
    public async Task A_glob_selects_accepted_minions_by_id_and_cares_for_case(string glob, string expected)
    {
        Assert.Equal(Ids(expected), await database.SelectAsync(new() { Glob = glob, KeyDomain = "default" }));
    }

    [Theory]
    [InlineData("os:SLES", "db1 db2 web2")]
    [InlineData("os:sles*", "Web3 db1 db2 web2")]
    [InlineData("os:*", "Web3 db1 db2 web1 web2")]
    [InlineData("OS:SLES", "")]
    [InlineData("roles:database", "db1")]
    [InlineData("roles:*", "db1")]
    [InlineData("systemd:version:25?", "web1")]
    [InlineData("systemd:version", "web1")]
    [InlineData("systemd:*", "web1")]
    [InlineData("systemd:nothing", "")]
    [InlineData("num_cpus:8", "web2")]
    [InlineData("virtual:none", "web2")]
    [InlineData("uefi:True", "web2")]
    [InlineData("gpus:vendor:NVIDIA", "web2")]
    [InlineData("gpus:0:vendor:nvidia", "web2")]
    [InlineData("gpus:model:a:1", "web2")]
    [InlineData("selinux:enabled:false", "Web3")]
    [InlineData("selinux:a:b", "Web3")]
    [InlineData("path:a:b", "Web3")]
    [InlineData("disks:sda", "Web3")]
    [InlineData("*:version:255", "web1")]
    public async Task A_grain_is_matched_as_Salt_matches_it(string grain, string expected)
    {
        Assert.Equal(Ids(expected), await database.SelectAsync(new() { Grain = grain, KeyDomain = "default" }));
    }

    [Theory]
    [InlineData("G@os:SLES and web*", "web2")]
    [InlineData("web* or G@os:SLES and not db*", "web1 web2")]
    [InlineData("( web* or G@os:SLES ) and not db*", "web1 web2")]
    [InlineData("* not G@os:*", "bare")]
    [InlineData("not *", "")]
    [InlineData("not G@a:b", "Web3 bare db1 db2 web1 web2")]
    [InlineData("P@os:(SLES|Ubuntu)$", "db1 db2 web1 web2")]
    [InlineData("P@os:(?:sles)", "Web3 db1 db2 web2")]
    [InlineData(@"P@osrelease:\d\d\.6", "db1")]
    [InlineData(@"P@osrelease:\D", "")]
    [InlineData("P@systemd:version:2(5|6)", "web1")]
    [InlineData("E@web", "web1 web2")]
    [InlineData("E@(?i)web", "Web3 web1 web2")]
    [InlineData("E@eb", "")]
    [InlineData("L@web1,unheard-of,db1", "db1 web1")]
    [InlineData("S@10.0.0.0/8", "db1 db2")]
    [InlineData("S@10.1.0.1", "db1")]
    [InlineData("S@fd00::/16", "db2")]
    [InlineData("S@127.0.0.1", "")]
    [InlineData("N@hand", "bare db2")]
    [InlineData("N@sles and not N@hand", "db1 web2")]
    [InlineData("N@webs", "web2")]
    [InlineData("G|@path|a:b", "Web3")]
    public async Task A_compound_expression_selects_what_Salt_would(string compound, string expected)
    {
        Assert.Equal(Ids(expected), await database.SelectAsync(new() { Compound = compound, KeyDomain = "default" }));
    }

    [Fact]
    public async Task Generated_grain_targets_select_exactly_what_Salts_own_matching_finds()
    {
        await using var own = await TestDatabase.CreateAsync(server);
        var random = new Random(20261122);
        var fleet = Enumerable.Range(0, 60).ToDictionary(i => $"m{i:00}", _ => RandomGrains(random, 3));
        foreach (var (id, grains) in fleet)
        {
            await own.AddMinionAsync(id, grains);
        }

        var matched = 0;
        for (var i = 0; i < 400; i++)
        {
            var target = RandomTarget(random);
            var expected = fleet.Where(minion => SaltMatching.SubdictMatch(Parse(minion.Value), target))
                .Select(minion => minion.Key).Order(StringComparer.Ordinal).ToList();
            var selected = await own.SelectAsync(new() { Grain = target });
            Assert.True(expected.SequenceEqual(selected), Difference(target, expected, selected, fleet));
            matched += expected.Count;
        }

        Assert.True(matched > 500, $"only {matched} matches: the generator makes nothing worth comparing");
    }

    [Fact]
    public async Task Generated_globs_match_as_Pythons_fnmatch_does()
    {
        var random = new Random(7);
        var names = Enumerable.Range(0, 300).Select(_ => Pick(random, "ab-]![^\\.é", 5)).Distinct().ToArray();
        var matched = 0;
        for (var i = 0; i < 300; i++)
        {
            var glob = Pick(random, "ab-]![^\\.é*?[", 8);
            await using var command = database.DataSource.CreateCommand(
                "select n from unnest($1::text[]) n where n ~ $2");
            command.Parameters.Add(new() { Value = names });
            command.Parameters.Add(new() { Value = SelectionRegex.ForGlob(glob) });
            var expected = names.Where(name => SaltMatching.Fnmatch(name, glob)).ToHashSet();
            var found = (await command.ReadTextsAsync()).ToHashSet();
            Assert.True(expected.SetEquals(found), $"{glob}: {string.Join(' ', expected)} | {string.Join(' ', found)}");
            matched += expected.Count;
        }

        Assert.True(matched > 500, $"only {matched} matches: the generator makes nothing worth comparing");
    }

    [Fact]
    public async Task Named_minions_are_selected_once_each()
    {
        Assert.Equal(["db2", "only-there", "web1"], await database.SelectAsync(
            new() { Minions = ["web1", "db2", "web1", "only-there"] }));
        Assert.Equal(["db1"], await database.SelectAsync(new() { Minions = ["db1"], KeyDomain = "elsewhere" }));
    }

    [Fact]
    public async Task Named_minions_that_are_unknown_or_ambiguous_or_not_accepted_are_each_named()
    {
        var errors = await database.RefusalAsync(
            new() { Minions = ["web1", "nope", "gone1", "db1", "pending1", "odd\0"] });

        Assert.Equal(
            [
                "3 minions are not known: odd?, gone1, nope.",
                "The keys of these minions are not accepted: pending1 (pending).",
                "These ids belong to a minion in more than one key domain; name the key domain: "
                    + "db1 (in default, elsewhere).",
            ],
            errors.Select(error => error.Message));
        Assert.All(errors, error => Assert.Equal("target.minions", error.Argument));
    }

    [Fact]
    public async Task Of_many_unknown_minions_twenty_are_named_and_the_rest_counted()
    {
        var errors = await database.RefusalAsync(
            new() { Minions = [.. Enumerable.Range(0, 5_000).Select(i => $"x{i:0000}")] });

        var message = Assert.Single(errors).Message;
        Assert.StartsWith("5000 minions are not known: x0000, x0001", message, StringComparison.Ordinal);
        Assert.EndsWith("x0019 and 4980 more.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("N@nowhere", "There is no group 'nowhere'.")]
    [InlineData("N@lost", "There is no group 'nowhere'.")]
    [InlineData("N@a", "These groups contain themselves: a contains b contains a.")]
    [InlineData("E@web(", "'web(' is not a regular expression: invalid regular expression: parentheses")]
    [InlineData("E@a)|(b", "'a)|(b' is not a regular expression")]
    [InlineData("P@os:[", "'[' is not a regular expression")]
    [InlineData("web1 and", "At position 9: expected a minion glob")]
    public async Task An_expression_that_cannot_be_used_is_refused_and_the_transaction_goes_on(
        string text, string reason)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();

        var built = await TargetSelector.BuildAsync(new() { Compound = text }, connection, CancellationToken.None);

        var (argument, message) = Assert.Single(Assert.IsType<SelectedMinions.Refused>(built).Errors);
        Assert.Equal("target.compound", argument);
        Assert.StartsWith(reason, message, StringComparison.Ordinal);
        await using var still = new NpgsqlCommand("select 1", connection, transaction);
        Assert.Equal(1, await still.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_selection_must_say_one_thing_and_name_a_key_domain_that_exists()
    {
        Assert.Contains("0 of them", (await database.RefusalAsync(new()))[0].Message, StringComparison.Ordinal);
        Assert.Contains(
            "2 of them", (await database.RefusalAsync(new() { Glob = "*", Group = "sles" }))[0].Message,
            StringComparison.Ordinal);
        Assert.Equal(
            ("target.keyDomain", "There is no key domain 'mars'."),
            (await database.RefusalAsync(new() { Glob = "*", KeyDomain = "mars" }))[0]);
        Assert.Equal("target.minions", (await database.RefusalAsync(new() { Minions = [] }))[0].Argument);
        Assert.Equal("target.glob", (await database.RefusalAsync(new() { Glob = "" }))[0].Argument);
        Assert.Equal("target.glob", (await database.RefusalAsync(new() { Glob = "a\0" }))[0].Argument);
        Assert.Equal("target.grain", (await database.RefusalAsync(new() { Grain = "os" }))[0].Argument);
        Assert.Equal("target.group", (await database.RefusalAsync(new() { Group = "nowhere" }))[0].Argument);
    }

    [Fact]
    public async Task Parameters_begin_where_the_caller_asks()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var query = Assert.IsType<SelectedMinions.Query>(await TargetSelector.BuildAsync(
            new() { Compound = "G@os:SLES and db*", KeyDomain = "default" }, connection, 3, CancellationToken.None));
        await using var command = new NpgsqlCommand(
            $"select $1 || minion_id || $2 from minion where minion_key in ({query.Sql}) order by 1", connection)
        {
            Parameters = { new() { Value = "<" }, new() { Value = ">" } },
        };
        foreach (var parameter in query.Parameters)
        {
            command.Parameters.Add(parameter);
        }

        Assert.Equal(["<db1>", "<db2>"], await command.ReadTextsAsync());
        Assert.DoesNotContain("SLES", query.Sql, StringComparison.Ordinal);
    }

    private static string[] Ids(string expected) => expected.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static string RandomGrains(Random random, int depth)
    {
        var grains = "abc0".Where(_ => random.Next(3) > 0).Select(key => $"\"{key}\":{RandomValue(random, depth)}");
        return $"{{{string.Join(',', grains)}}}";
    }

    private static string RandomValue(Random random, int depth) => random.Next(depth > 0 ? 9 : 5) switch
    {
        0 => random.Next(3).ToString(System.Globalization.CultureInfo.InvariantCulture),
        1 => "\"b:c\"",
        2 => random.Next(2) == 0 ? "null" : "true",
        3 or 4 => $"\"{"abAB"[random.Next(4)]}\"",
        5 or 6 => RandomList(random, depth - 1),
        _ => RandomGrains(random, depth - 1),
    };

    private static string RandomList(Random random, int depth) =>
        $"[{string.Join(',', Enumerable.Range(0, random.Next(3)).Select(_ => RandomValue(random, depth)))}]";

    private static string RandomTarget(Random random) => string.Join(':', Enumerable.Range(0, random.Next(2, 5))
        .Select(i => Pick(
            random, i == 0 ? ["a", "b", "c", "0", "*"] : ["a", "b", "c", "B", "0", "1", "*", "?", "t*"])));

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];

    private static string Pick(Random random, string characters, int most) =>
        new([.. Enumerable.Range(0, random.Next(1, most)).Select(_ => characters[random.Next(characters.Length)])]);

    private static string Difference(
        string target, IReadOnlyList<string> expected, IReadOnlyList<string> selected,
        Dictionary<string, string> fleet) =>
        $"{target}: " + string.Join("; ", expected.Except(selected).Select(id => $"missing {id} {fleet[id]}")
            .Concat(selected.Except(expected).Select(id => $"too many {id} {fleet[id]}")).Take(5));
}
