using System.CommandLine;
using System.Globalization;
using Saltern.Contract;
using static Saltern.Cli.Client.Commands;

namespace Saltern.Cli.Client;

/// <summary>channels.</summary>
internal static class ChannelCommands
{
    private static readonly Argument<string[]> Labels = new("channels") { Description = "Labels; none for all." };
    private static readonly Argument<string> Original = new("channel") { Description = "Label of the original." };
    private static readonly Argument<string> Clone = new("clone") { Description = "Label of the clone." };
    private static readonly Argument<string> Minion = new("minion") { Description = "The minion's id." };
    private static readonly Argument<string[]> Mirrors = new("mirrors")
    {
        Description = "All mirrors, each as PREFIX=ADDRESS; none to list what is there.",
    };

    private static readonly Option<string?> Search = new("--search") { Description = "A part of name or label." };
    private static readonly Option<string?> Product = new("--product") { Description = "Only channels of this id." };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait until all are checked." };
    private static readonly Option<string?> Url = new("--url") { Description = "Where the clone is." };
    private static readonly Option<string?> Family = new("--family")
    {
        Description = "A name that clones which belong together share: prod, test.",
    };

    private static readonly Option<string?> Domain = new("--domain") { Description = "The minion's key domain." };
    private static readonly Option<bool> None = new("--none") { Description = "Remove all mirrors." };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most entries to show.", DefaultValueFactory = _ => 100,
    };

    public static Command Create(CliOutput output, TimeProvider clock) => Group(
        "channels", "Software channels",
        Of("list", "List channels", output, ListAsync, Search, Product, Limit),
        Of(
            "check", "Look whether repositories answer", output,
            (parsed, api, shown, cancellationToken) => CheckAsync(parsed, api, shown, clock, cancellationToken),
            Labels, Wait),
        Of("clone", "Record that a channel stands for another", output, CloneAsync, Original, Clone, Family, Url),
        Of("unclone", "Forget a clone", output, UncloneAsync, Clone),
        Of("mirrors", "List the mirrors, or replace all of them", output, MirrorsAsync, Mirrors, None),
        Of("show", "Show what is assigned to a minion, and what it has", output, ShowAsync, Minion, Domain),
        Of(
            "assign", "Set the record of minions' channels; nothing is done on the minions themselves", output,
            AssignCommand.RunAsync, [.. AssignCommand.Arguments]));

    private static async Task<int> ListAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var channels = await api.ListAsync<ChannelSummary>(
            $"/api/v1/channels?{Query(("search", parsed.GetValue(Search)), ("product", parsed.GetValue(Product)))}",
            parsed.GetValue(Limit), cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(channels);
            return ExitCodes.Ok;
        }

        output.Table(
            ["channel", "parent", "answers", "checked", "clone of", "address"],
            channels.Select(one => (IReadOnlyList<string?>)
                [one.Label, one.Parent, Answers(one), Time(one.CheckedAt), one.CloneOf, one.Url]));
        return ExitCodes.Ok;
    }

    private static string Answers(ChannelSummary channel) => channel.Available switch
    {
        true => "yes",
        false => $"no: {channel.Reason}",
        null => "not checked",
    };

    private static async Task<int> CheckAsync(
        ParseResult parsed, Api api, CliOutput output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var labels = parsed.GetValue(Labels) is { Length: > 0 } given ? given : null;
        var answer = await api.PostAsync<ChannelCheckAnswer>(
            "/api/v1/channels/check", new ChannelCheckRequest { Labels = labels }, cancellationToken);
        output.Error.WriteLine($"{answer.Addresses} addresses are to be checked");
        if (!parsed.GetValue(Wait))
        {
            return ExitCodes.Ok;
        }

        while (answer.Waiting > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), clock, cancellationToken);
            answer = await api.GetAsync<ChannelCheckAnswer>("/api/v1/channels/check", cancellationToken);
        }

        var channels = (await api.ListAsync<ChannelSummary>("/api/v1/channels", int.MaxValue, cancellationToken))
            .Where(one => labels is null || labels.Contains(one.Label)).ToList();
        output.Table(
            ["channel", "answers"],
            channels.Where(one => one.Available is not true).Select(
                one => (IReadOnlyList<string?>)[one.Label, Answers(one)]));
        return channels.TrueForAll(one => one.Available is true) ? ExitCodes.Ok : ExitCodes.ActionFailed;
    }

    private static async Task<int> CloneAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var request = new CloneRequest
        {
            Original = parsed.GetValue(Original),
            Label = parsed.GetValue(Clone),
            Family = parsed.GetValue(Family),
            Url = parsed.GetValue(Url),
        };
        await api.PostAsync("/api/v1/channels/clones", request, cancellationToken);
        output.Error.WriteLine($"{request.Label} is a clone of {request.Original}");
        return ExitCodes.Ok;
    }

    private static async Task<int> UncloneAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var label = parsed.GetValue(Clone);
        await api.DeleteAsync($"/api/v1/channels/clones/{Escaped(label)}", cancellationToken);
        output.Error.WriteLine($"{label} is no clone any more");
        return ExitCodes.Ok;
    }

    private static async Task<int> MirrorsAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        const string Path = "/api/v1/channels/mirrors";
        var given = parsed.GetValue(Mirrors) ?? [];
        if (given.Length > 0 || parsed.GetValue(None))
        {
            await api.PutAsync(Path, new MirrorsRequest { Mirrors = [.. given.Select(MirrorOf)] }, cancellationToken);
        }

        var mirrors = await api.GetAsync<IReadOnlyList<MirrorMapping>>(Path, cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(mirrors);
            return ExitCodes.Ok;
        }

        output.Table(
            ["addresses that begin with", "are fetched from"],
            mirrors.Select(one => (IReadOnlyList<string?>)[one.Prefix, one.Target]));
        return ExitCodes.Ok;
    }

    private static MirrorMapping MirrorOf(string text) => text.Split('=', 2) is [var prefix, var target]
        ? new MirrorMapping { Prefix = prefix, Target = target }
        : throw new CliFailure(ExitCodes.Usage, $"'{text}' is no mirror; write https://from/=https://to/.");

    private static async Task<int> ShowAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var channels = await api.GetAsync<MinionChannels>(PathOf(parsed), cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(channels);
            return ExitCodes.Ok;
        }

        output.Line(channels.Base is { } label
            ? $"on record: {string.Join(' ', channels.Children.Prepend(label))} ({channels.ChangedBy}, "
                + $"{Time(channels.ChangedAt)})"
            : "no channels are on record");
        output.Line(channels.RepositoriesAt switch
        {
            null => "it never told its repositories: saltern actions schedule repositories.refresh",
            { } at when at < channels.ChangedAt => $"its repositories are of {Time(at)}, before that: saltern actions "
                + "schedule repositories.refresh",
            { } at => $"its repositories are of {Time(at)}",
        });
        ShowLabels(output, "missing on the minion", channels.Missing);
        ShowLabels(output, "besides them on the minion", channels.Foreign);
        output.Table(
            ["product", "version", ""],
            (channels.Products ?? []).Select(one => (IReadOnlyList<string?>)
                [one.Name, one.Version, one.IsBase ? "base" : ""]));
        output.Table(
            ["repository", "enabled", "address"],
            (channels.Repositories ?? []).Select(one => (IReadOnlyList<string?>)
                [one.Alias, one.Enabled ? "yes" : "no", one.Url]));
        return ExitCodes.Ok;
    }

    private static void ShowLabels(CliOutput output, string what, IReadOnlyList<string>? labels)
    {
        if (labels is { Count: > 0 })
        {
            output.Line($"{what}: {string.Join(' ', labels)}");
        }
    }

    private static string PathOf(ParseResult parsed) =>
        $"/api/v1/minions/{Escaped(parsed.GetValue(Minion))}/channels"
        + (parsed.GetValue(Domain) is { } domain ? $"?domain={Escaped(domain)}" : "");
}
