using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Channels;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>
/// Makes the channels that are assigned to a minion its repositories, and takes away others of ours: what brings a
/// minion back after a migration that failed, and what a person orders after assigning other channels. Each minion is
/// given what is assigned when its turn has come (<see cref="ApplyPreparation"/>). Takes no arguments.
/// </summary>
internal sealed class ChannelsApplyKind(ChannelCredentials credentials) : KindWithArguments<NoArguments>
{
    public const string KindName = "channels.apply";

    public override string Name => KindName;

    public override bool Exclusive => true;

    protected override IReadOnlyList<string> ArgumentNames => [];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromMinutes(15);

    public override SaltCall BuildCall(JsonElement arguments) =>
        PreparedPillar.Find(arguments, credentials) is { } pillar
        ? new SaltCall("state.apply", new JsonArray("saltern.channels"), new JsonObject { ["pillar"] = pillar })
        : throw new InvalidOperationException($"{Name} is called with what was prepared for each minion only");

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) => StateRunReading.Read(returned);

    protected override NoArguments Take(ArgumentReader reader) => NoArguments.Instance;
}
