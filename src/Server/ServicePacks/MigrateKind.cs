using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Channels;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Takes minions to a service pack: channels, then <c>zypper dup</c>, or what it would do (<c>dryRun</c>, which is the
/// default). What each minion is given follows from its own products and is found out when its turn has come
/// (<see cref="MigrationPreparation"/>). A run is done once under its run id, so that resends and retries do no harm.
/// Arguments: docs/service-packs.md.
/// </summary>
internal sealed class MigrateKind(ChannelCredentials credentials) : KindWithArguments<MigrationOrder>
{
    public const string KindName = "servicepack.migrate";

    private const int MaxLabels = 200;
    private const int MaxLabelBytes = 255;

    public override string Name => KindName;

    public override bool Exclusive => true;

    /// <summary>Whether packages changed is in the body.</summary>
    public override BodyReading ReadsBody => BodyReading.Always;

    protected override IReadOnlyList<string> ArgumentNames =>
    [
        "target", "channels", "dryRun", "allowVendorChange", "from", "agreeToLicences", "replaceFiles", "noRecommends",
        "removeLimit", "forbidRemoval", "removeExtensions", "disableForeign", "snapshots", "patchStackFirst",
        "rebootAfter", "requireDryRunDays",
    ];

    public override TimeSpan Deadline(JsonElement arguments) =>
        Readable(arguments).DryRun ? TimeSpan.FromHours(1) : TimeSpan.FromHours(4);

    /// <summary>The order as it was validated.</summary>
    public MigrationOrder Order(JsonElement arguments) => Valid(arguments);

    public override SaltCall BuildCall(JsonElement arguments) =>
        PreparedPillar.Find(arguments, credentials) is { } pillar
        ? new SaltCall("state.apply", new JsonArray("saltern.distupgrade"), new JsonObject { ["pillar"] = pillar })
        : throw new InvalidOperationException($"{Name} is called with what was prepared for each minion only");

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) =>
        RunReport.Find(returned.Return) switch
        {
            { Outcome: RunOutcome.Succeeded or RunOutcome.NothingToDo } report when ReturnReading.WentWell(returned) =>
                new TargetOutcome.Completed(ReasonText.Short(ReasonText.FirstLine(report.Comment))),
            { Comment.Length: > 0 } report => new TargetOutcome.Failed(Words(report)),
            _ => StateRunReading.Read(returned) switch
            {
                // Nobody says what zypper did: that the states went well proves nothing.
                TargetOutcome.Completed => new TargetOutcome.Failed(
                    "the states went well, but the return tells nothing of zypper dup; are the states and modules on "
                    + "the master those of this version?"),
                var outcome => outcome,
            },
        };

    protected override MigrationOrder Take(ArgumentReader reader)
    {
        var dryRun = reader.Flag("dryRun", otherwise: true);
        var forbidden = reader.Texts("forbidRemoval", MaxLabels, MaxLabelBytes, of: "names of packages");
        var order = new MigrationOrder
        {
            Target = reader.RequiredText("target", MaxLabelBytes) ?? "",
            Channels = reader.Texts("channels", MaxLabels, MaxLabelBytes, of: "labels of channels"),
            DryRun = dryRun,
            AllowVendorChange = reader.Has("allowVendorChange") ? reader.Flag("allowVendorChange", false) : null,
            From = reader.Texts("from", MaxLabels, MaxLabelBytes, of: "labels of channels"),
            AgreeToLicences = reader.Flag("agreeToLicences", otherwise: false),
            ReplaceFiles = reader.Flag("replaceFiles", otherwise: false),
            NoRecommends = reader.Flag("noRecommends", otherwise: false),
            RemoveLimit = reader.Has("removeLimit") ? reader.WholeNumber("removeLimit", 0, 100_000, 0) : null,
            ForbidRemoval = forbidden,
            RemoveExtensions = reader.Flag("removeExtensions", otherwise: false),
            DisableForeign = reader.Flag("disableForeign", otherwise: false),
            Snapshots = reader.Flag("snapshots", otherwise: false),
            PatchStackFirst = reader.Flag("patchStackFirst", otherwise: false),
            RebootAfter = reader.Flag("rebootAfter", otherwise: false),
            RequireDryRunDays = reader.WholeNumber("requireDryRunDays", 0, 365, 0),
        };
        if (dryRun && order.RebootAfter)
        {
            reader.Refuse("rebootAfter", "A dry run changes nothing, so nothing is restarted after it; set 'dryRun' to "
                + "false, or leave 'rebootAfter' out.");
        }

        if (dryRun && order.RequireDryRunDays > 0)
        {
            reader.Refuse("requireDryRunDays", "Only a real run ('dryRun': false) can ask for a dry run before it.");
        }

        return order;
    }

    private static string Words(RunReport report) => ReasonText.Short(string.Join("; ", new[]
    {
        ReasonText.FirstLine(report.Comment).TrimEnd('.', ':'), report.Problems.Count > 0 ? report.Problems[0] : null,
        report.Changed is true ? "packages changed" : null,
    }.OfType<string>()));
}
