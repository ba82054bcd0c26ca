using System.Text.Json;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// What a minion says of one run of <c>zypper dup</c>: the result of <c>saltern_zypper.dist_upgrade</c> as it stands on
/// the minion's disk (docs/service-packs.md), or as the state that ran it hands it on.
/// </summary>
internal sealed record RunReport
{
    private const string Key = "saltern";

    private static readonly string[] VersionNames = ["old", "new"];

    public required string RunId { get; init; }

    public required RunOutcome Outcome { get; init; }

    /// <summary>Whether packages changed; null where not even the minion knows.</summary>
    public bool? Changed { get; init; }

    /// <summary>A word for the kind of failure (conflict, locked, no_space, …); null where all is well.</summary>
    public string? Failure { get; init; }

    public string Comment { get; init; } = "";

    /// <summary>zypper's own words, the first line of each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public IReadOnlyDictionary<string, int> Planned { get; init; } = new Dictionary<string, int>();

    /// <summary>Names of packages that are, or would be, removed; "product Lab" where it is no package.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>What is, or would be, done to which package: "upgrade bash 5.1 → 5.2", in order.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    public bool RebootNeeded { get; init; }

    /// <summary>What it changed is there after the next boot only.</summary>
    public bool Transactional { get; init; }

    /// <summary>When it ended, by the minion's clock.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Where the solver test case lies on the minion.</summary>
    public string? TestCase { get; init; }

    /// <summary>The report in a return of the states or of <c>saltern_zypper.run_result</c>, if there is one.</summary>
    public static RunReport? Find(JsonElement returned)
    {
        if (!StateRunReading.IsStates(returned))
        {
            return Read(returned);
        }

        return returned.EnumerateObject().Select(state => Read(SaltJson.Member(state.Value, Key)))
            .FirstOrDefault(report => report is not null);
    }

    private static RunReport? Read(JsonElement result)
    {
        if (Text(SaltJson.Member(result, "run_id")) is not { } runId
            || OutcomeOf(Text(SaltJson.Member(result, "outcome"))) is not { } outcome)
        {
            return null;
        }

        var plan = Members(SaltJson.Member(result, "plan")).ToList();
        return new RunReport
        {
            RunId = runId,
            Outcome = outcome,
            Changed = SaltJson.Member(result, "changed").ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                _ => null,
            },
            Failure = Text(SaltJson.Member(result, "reason")),
            Comment = Text(SaltJson.Member(result, "comment")) ?? "",
            Problems = [.. Items(SaltJson.Member(result, "problems"))
                .Select(problem => ReasonText.FirstLine(Text(SaltJson.Member(problem, "problem")) ?? ""))
                .Where(problem => problem.Length > 0)],
            Planned = plan.GroupBy(part => part.Name.Replace('\0', '\uFFFD'))
                .ToDictionary(part => part.Key, part => part.Sum(one => Items(one.Value).Count())),
            Removed = [.. plan.Where(part => part.Name == "remove").SelectMany(part => Items(part.Value))
                .Select(Name).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            Steps = [.. plan.SelectMany(part => Items(part.Value).Select(package => Step(part.Name, package)))
                .Order(StringComparer.Ordinal)],
            RebootNeeded = SaltJson.Member(result, "reboot_needed").ValueKind is JsonValueKind.True,
            Transactional =
                SaltJson.Member(SaltJson.Member(result, "checks"), "transactional").ValueKind is JsonValueKind.True,
            Ended = Time(SaltJson.Member(result, "ended")),
            TestCase = Text(SaltJson.Member(SaltJson.Member(result, "test_case"), "path")),
        };
    }

    private static RunOutcome? OutcomeOf(string? word) => word switch
    {
        "succeeded" => RunOutcome.Succeeded,
        "nothing_to_do" => RunOutcome.NothingToDo,
        "failed" => RunOutcome.Failed,
        "interrupted" => RunOutcome.Interrupted,
        "running" => RunOutcome.Running,
        "not_begun" => RunOutcome.NotBegun,
        _ => null,
    };

    /// <summary>Seconds since 1970, of this century.</summary>
    private static DateTimeOffset? Time(JsonElement seconds) =>
        seconds.ValueKind is JsonValueKind.Number && seconds.TryGetDouble(out var number) && number is > 0 and < 4e9
            ? DateTimeOffset.UnixEpoch.AddSeconds(number)
            : null;

    private static string? Name(JsonElement removed) =>
        Text(SaltJson.Member(removed, "kind")) is { } kind
            ? $"{kind} {Text(SaltJson.Member(removed, "name"))}"
            : Text(SaltJson.Member(removed, "name"));

    private static string Step(string verb, JsonElement package)
    {
        var versions = VersionNames.Select(name => Text(SaltJson.Member(package, name))).OfType<string>();
        return $"{verb} {Text(SaltJson.Member(package, "name"))} {string.Join(" → ", versions)}".TrimEnd();
    }

    private static IEnumerable<JsonProperty> Members(JsonElement value) =>
        value.ValueKind is JsonValueKind.Object ? value.EnumerateObject() : [];

    private static IEnumerable<JsonElement> Items(JsonElement value) =>
        value.ValueKind is JsonValueKind.Array ? value.EnumerateArray() : [];

    /// <summary>PostgreSQL holds no NUL.</summary>
    private static string? Text(JsonElement value) => SaltJson.Text(value)?.Replace('\0', '\uFFFD');
}
