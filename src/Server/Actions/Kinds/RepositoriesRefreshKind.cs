using System.Text.Json;
using Saltern.Server.Channels;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Has a minion tell which repositories it is set up with, so that they can be compared with the channels that are
/// assigned to it. Takes no arguments.
/// </summary>
internal sealed class RepositoriesRefreshKind : KindWithArguments<NoArguments>
{
    private const int MostRepositories = 500;

    public override string Name => "repositories.refresh";

    public override bool Exclusive => false;

    /// <summary>The repositories are in the body.</summary>
    public override BodyReading ReadsBody => BodyReading.Always;

    protected override IReadOnlyList<string> ArgumentNames => [];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromMinutes(5);

    public override SaltCall BuildCall(JsonElement arguments) => new("pkg.list_repos");

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        if (!ReturnReading.WentWell(returned))
        {
            return ReturnReading.Failed(returned);
        }

        if (returned.Return.ValueKind is not JsonValueKind.Object)
        {
            return new TargetOutcome.Failed(
                $"the result is no dict of repositories: {ReturnReading.Preview(returned.Return)}");
        }

        var repositories = returned.Return.EnumerateObject().SelectMany(Read).Take(MostRepositories).ToList();
        var enabled = repositories.Count(repository => repository.Enabled);
        var count = repositories.Count == 1 ? "1 repository" : $"{repositories.Count} repositories";
        return new TargetOutcome.Completed(
            $"{count}, {enabled} enabled", Software: new InstalledSoftware(null, repositories));
    }

    protected override NoArguments Take(ArgumentReader reader) => NoArguments.Instance;

    /// <summary>zypper and dnf have one description for an alias, apt a list of them for an address.</summary>
    private static IEnumerable<MinionRepository> Read(JsonProperty told)
    {
        if (told.Value.ValueKind is JsonValueKind.Array)
        {
            return told.Value.EnumerateArray().Select(one => Read(told.Name, one)).OfType<MinionRepository>();
        }

        return Read(told.Name, told.Value) is { } repository ? [repository] : [];
    }

    private static MinionRepository? Read(string key, JsonElement told)
    {
        if (told.ValueKind is not JsonValueKind.Object
            || RepositoryText.Kept(RepositoryText.Of(told, "alias") ?? RepositoryText.WithoutSecrets(key)) is not
                { } alias)
        {
            return null;
        }

        var url = FirstText(SaltJson.Member(told, "baseurl")) ?? FirstText(SaltJson.Member(told, "mirrorlist"))
            ?? FirstText(SaltJson.Member(told, "uri"));
        return new MinionRepository(
            alias, RepositoryText.Of(told, "name"), RepositoryText.WithoutSecrets(url), IsEnabled(told));
    }

    private static string? FirstText(JsonElement value) => value.ValueKind is JsonValueKind.Array
        ? value.EnumerateArray().Select(SaltJson.Text).FirstOrDefault(text => text is not null)
        : SaltJson.Text(value);

    /// <summary>zypper says true or false, dnf "1" or "0", apt disabled.</summary>
    private static bool IsEnabled(JsonElement told) =>
        SaltJson.Member(told, "enabled") is var enabled
        && enabled.ValueKind is not JsonValueKind.False
        && SaltJson.Text(enabled) is not ("0" or "false" or "False")
        && SaltJson.Int(enabled) is not 0
        && SaltJson.Member(told, "disabled").ValueKind is not JsonValueKind.True;
}
