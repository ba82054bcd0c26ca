using System.CommandLine;
using Saltern.Contract;
using static Saltern.Cli.Client.Commands;

namespace Saltern.Cli.Client;

/// <summary>minions and groups.</summary>
internal static class FleetCommands
{
    private static readonly Argument<string> Id = new("minion") { Description = "The minion's id." };
    private static readonly Argument<string[]> Ids = new("minions") { Description = "Minion ids." };
    private static readonly Argument<string> Name = new("group") { Description = "The group's name." };
    private static readonly Option<string?> Domain = new("--domain") { Description = "Their key domain." };
    private static readonly Option<string?> KeyStatus = new("--key-status") { Description = "accepted, pending, …" };
    private static readonly Option<string?> Search =
        new("--id") { Description = "How ids begin, or a pattern over them." };
    private static readonly Option<string?> Rule =
        new("--rule") { Description = "A compound matcher that finds them." };
    private static readonly Option<string[]> Members = new("--minions", "-m") { Description = "Ids, by commas." };
    private static readonly Option<bool> ShowMembers = new("--members") { Description = "Also list its minions." };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most entries to show.", DefaultValueFactory = _ => 100,
    };

    public static Command Minions(CliOutput output) => Group(
        "minions", "Look at minions, accept and reject their keys",
        Of("list", "List minions", output, ListAsync, KeyStatus, Search, Domain, Limit),
        Of("show", "Show all that is known of a minion", output, ShowAsync, Id, Domain),
        Of("accept", "Accept pending keys", output, AcceptAsync, Ids, Domain),
        Of("reject", "Reject a key", output, RejectAsync, Id, Domain),
        Of("delete", "Delete the keys of a minion", output, DeleteKeyAsync, Id, Domain));

    public static Command Groups(CliOutput output) => Group(
        "groups", "Groups of minions",
        Of("list", "List groups", output, ListGroupsAsync),
        Of("show", "Show a group, and its minions", output, ShowGroupAsync, Name, ShowMembers, Limit),
        Of("create", "Make a group, by hand or by a rule", output, CreateGroupAsync, Name, Rule, Members, Domain),
        Of("set", "Replace the rule or the members of a group", output, SetGroupAsync, Name, Rule, Members, Domain),
        Of("delete", "Delete a group (not its minions)", output, DeleteGroupAsync, Name));

    private static async Task<int> ListAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var query = new (string Name, string? Value)[]
        {
            ("keyStatus", parsed.GetValue(KeyStatus)), ("id", parsed.GetValue(Search)),
            ("domain", parsed.GetValue(Domain)),
        }.Where(one => one.Value is not null).Select(one => $"{one.Name}={Escaped(one.Value)}");
        var minions = await api.ListAsync<MinionSummary>(
            $"/api/v1/minions?{string.Join('&', query)}", parsed.GetValue(Limit), cancellationToken);
        ShowMinions(parsed, output, minions);
        return ExitCodes.Ok;
    }

    private static void ShowMinions(ParseResult parsed, CliOutput output, IReadOnlyList<MinionSummary> minions)
    {
        if (Connection.WantsJson(parsed))
        {
            output.Json(minions);
            return;
        }

        output.Table(
            ["minion", "domain", "key", "presence", "os", "salt", "last contact"],
            minions.Select(one => (IReadOnlyList<string?>)
            [
                one.Id, one.Domain, one.FingerprintConflict ? $"{one.KeyStatus} (conflict)" : one.KeyStatus,
                one.Presence, $"{one.Os} {one.OsRelease}".Trim(), one.SaltVersion, Time(one.LastContactAt),
            ]));
    }

    private static async Task<int> ShowAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var minion = await api.GetAsync<MinionDetail>(MinionPath(parsed, ""), cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(minion);
            return ExitCodes.Ok;
        }

        var summary = minion.Summary;
        output.Table(
            ["minion", summary.Id],
            new (string Name, string? Value)[]
            {
                ("domain", summary.Domain), ("master", summary.Master), ("key", summary.KeyStatus),
                ("fingerprint", minion.KeyFingerprint), ("presence", summary.Presence),
                ("last contact", Time(summary.LastContactAt)), ("os", $"{summary.Os} {summary.OsRelease}".Trim()),
                ("kernel", minion.KernelRelease), ("architecture", minion.CpuArch), ("salt", summary.SaltVersion),
                ("addresses", string.Join(", ", minion.IpAddresses)), ("groups", string.Join(", ", minion.Groups)),
            }.Where(field => !string.IsNullOrEmpty(field.Value))
                .Select(field => (IReadOnlyList<string?>)[field.Name, field.Value]));
        return ExitCodes.Ok;
    }

    private static async Task<int> AcceptAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var request = new KeysRequest { Minions = parsed.GetValue(Ids), Domain = parsed.GetValue(Domain) };
        return ShowKeys(
            parsed, output, "accepted",
            await api.PostAsync<KeysAnswer>("/api/v1/minions/accept", request, cancellationToken));
    }

    private static async Task<int> RejectAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken) => ShowKeys(
        parsed, output, "rejected",
        await api.PostAsync<KeysAnswer>(MinionPath(parsed, "/reject"), null, cancellationToken));

    private static async Task<int> DeleteKeyAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        await api.DeleteAsync(MinionPath(parsed, "/key"), cancellationToken);
        output.Error.WriteLine($"the keys of {parsed.GetValue(Id)} are deleted");
        return ExitCodes.Ok;
    }

    private static int ShowKeys(ParseResult parsed, CliOutput output, string done, KeysAnswer answer)
    {
        if (Connection.WantsJson(parsed))
        {
            output.Json(answer);
        }
        else
        {
            foreach (var minion in answer.Changed)
            {
                output.Line($"{minion}: {done}");
            }
        }

        foreach (var (minion, reason) in answer.Refused)
        {
            output.Error.WriteLine($"{minion}: {reason}");
        }

        return answer.Refused.Count == 0 ? ExitCodes.Ok : ExitCodes.Usage;
    }

    private static async Task<int> ListGroupsAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var groups = await api.ListAsync<GroupSummary>("/api/v1/groups", 10_000, cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(groups);
            return ExitCodes.Ok;
        }

        output.Table(["group", "rule", "members", "made by"], groups.Select(RowOf));
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowGroupAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var path = GroupPath(parsed);
        var group = await api.GetAsync<GroupSummary>(path, cancellationToken);
        var minions = parsed.GetValue(ShowMembers)
            ? await api.ListAsync<MinionSummary>($"{path}/minions", parsed.GetValue(Limit), cancellationToken)
            : null;
        if (Connection.WantsJson(parsed))
        {
            if (minions is null)
            {
                output.Json(group);
            }
            else
            {
                output.Json(new { group, minions });
            }

            return ExitCodes.Ok;
        }

        output.Table(["group", "rule", "members", "made by"], [RowOf(group)]);
        if (minions is not null)
        {
            ShowMinions(parsed, output, minions);
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> CreateGroupAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var request = RequestOf(parsed) with { Name = parsed.GetValue(Name) };
        return ShowGroup(
            parsed, output, await api.PostAsync<GroupSummary>("/api/v1/groups", request, cancellationToken));
    }

    private static async Task<int> SetGroupAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken) => ShowGroup(
        parsed, output, await api.PutAsync<GroupSummary>(GroupPath(parsed), RequestOf(parsed), cancellationToken));

    private static async Task<int> DeleteGroupAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        await api.DeleteAsync(GroupPath(parsed), cancellationToken);
        output.Error.WriteLine($"group {parsed.GetValue(Name)} deleted");
        return ExitCodes.Ok;
    }

    private static int ShowGroup(ParseResult parsed, CliOutput output, GroupSummary group)
    {
        if (Connection.WantsJson(parsed))
        {
            output.Json(group);
        }
        else
        {
            output.Table(["group", "rule", "members", "made by"], [RowOf(group)]);
        }

        return ExitCodes.Ok;
    }

    private static IReadOnlyList<string?> RowOf(GroupSummary group) =>
        [group.Name, group.Rule, group.Members is { } members ? $"{members}" : "by rule", group.CreatedBy];

    private static GroupRequest RequestOf(ParseResult parsed) => new()
    {
        Rule = parsed.GetValue(Rule),
        Minions = NamedTarget.MinionNames(parsed.GetValue(Members)),
        Domain = parsed.GetValue(Domain),
    };

    private static string MinionPath(ParseResult parsed, string verb) =>
        $"/api/v1/minions/{Escaped(parsed.GetValue(Id))}{verb}"
        + (parsed.GetValue(Domain) is { } domain ? $"?domain={Escaped(domain)}" : "");

    private static string GroupPath(ParseResult parsed) => $"/api/v1/groups/{Escaped(parsed.GetValue(Name))}";
}
