using System.Text.Json;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>Asks a minion for a sign of life. Takes no arguments.</summary>
internal sealed class PingKind : KindWithArguments<NoArguments>
{
    public override string Name => "ping";

    public override bool Exclusive => false;

    protected override IReadOnlyList<string> ArgumentNames => [];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromSeconds(60);

    public override SaltCall BuildCall(JsonElement arguments) => new("test.ping");

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) =>
        ReturnReading.WentWell(returned) ? new TargetOutcome.Completed(null) : ReturnReading.Failed(returned);

    protected override NoArguments Take(ArgumentReader reader) => NoArguments.Instance;
}
