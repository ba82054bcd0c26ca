using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>Has a minion read the metadata of its repositories anew. Takes no arguments.</summary>
internal sealed class PackageRefreshKind : KindWithArguments<NoArguments>
{
    public override string Name => "package.refresh";

    /// <summary>It takes the lock of the package system.</summary>
    public override bool Exclusive => true;

    /// <summary>yum and dnf fail with a return code of 0 and a result of false.</summary>
    public override BodyReading ReadsBody => BodyReading.Always;

    protected override IReadOnlyList<string> ArgumentNames => [];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromMinutes(5);

    // Without failhard apt reports a broken repository as one more `false` among those it merely skipped.
    public override SaltCall BuildCall(JsonElement arguments) =>
        new("pkg.refresh_db", new JsonObject { ["failhard"] = true });

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        if (!ReturnReading.WentWell(returned))
        {
            return PackageReading.BusyWithLock(ReturnReading.TextOf(returned.Return))
                ?? (TargetOutcome)ReturnReading.Failed(returned);
        }
        return returned.Return.ValueKind switch
        {
            JsonValueKind.False => new TargetOutcome.Failed("the package system could not read its repositories"),
            JsonValueKind.Object => new TargetOutcome.Completed(Summary(returned.Return)),
            _ => new TargetOutcome.Completed(null),
        };
    }

    protected override NoArguments Take(ArgumentReader reader) => NoArguments.Instance;

    private static string Summary(JsonElement repositories) =>
        repositories.EnumerateObject().Count() is var count && count == 1 ? "1 repository" : $"{count} repositories";
}
