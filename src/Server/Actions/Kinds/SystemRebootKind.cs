using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Restarts the system. The return only says that the restart is ordered, and a start event may be a mere reconnect, so
/// the truth is the kernel's boot id: asked before, and again after until it differs. Takes no arguments.
/// </summary>
internal sealed class SystemRebootKind : KindWithArguments<NoArguments>
{
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    // At once would kill the minion before it has returned; `shutdown` counts in minutes.
    private const int DelayMinutes = 1;
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(15);

    public override string Name => "system.reboot";

    public override bool Exclusive => true;

    /// <summary>A return code of 0 is an order taken and not yet a restart.</summary>
    public override BodyReading ReadsBody => BodyReading.Always;

    public override SaltCall? AskCall => new("file.read", new JsonArray(BootIdFile));

    protected override IReadOnlyList<string> ArgumentNames => [];

    public override bool SafeToRepeat(JsonElement arguments) => false;

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromMinutes(30);

    public override SaltCall BuildCall(JsonElement arguments) =>
        new("system.reboot", new JsonObject { ["at_time"] = DelayMinutes });

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) =>
        ReturnReading.WentWell(returned)
            ? new TargetOutcome.AskLater(TimeSpan.FromMinutes(DelayMinutes) + AskEvery, "the restart is ordered")
            : ReturnReading.Failed(returned);

    public override TargetOutcome ReadAnswer(string? before, string answer)
    {
        if (!TryReadBootId(before, out var bootBefore))
        {
            return new TargetOutcome.Failed("whether it restarted is unknown: no boot id from before the restart");
        }
        if (!TryReadBootId(answer, out var bootNow))
        {
            return new TargetOutcome.AskLater(AskEvery, ReasonText.Short($"the minion told no boot id but: {answer}"));
        }
        return bootNow == bootBefore
            ? new TargetOutcome.AskLater(AskEvery, "the boot id is still the one from before the restart")
            : new TargetOutcome.Completed("restarted: the boot id changed");
    }

    protected override NoArguments Take(ArgumentReader reader) => NoArguments.Instance;

    // The answer is the file's text, or that text as JSON.
    private static bool TryReadBootId(string? text, out Guid bootId) =>
        Guid.TryParse(text?.Trim().Trim('"').Replace("\\n", "", StringComparison.Ordinal), out bootId);
}
