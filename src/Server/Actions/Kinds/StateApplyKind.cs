using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Brings a minion into the state that sls files describe.
/// Arguments: <c>states</c> (names of sls; none: the highstate), <c>pillar</c> (an object that overrides pillar for
/// this run), <c>test</c> (say what would change and change nothing).
/// </summary>
internal sealed partial class StateApplyKind : KindWithArguments<StateApplyKind.Arguments>
{
    private const int MaxStates = 200;
    private const int MaxStateName = 255;
    private const int MaxPillarBytes = 1024 * 1024;

    public override string Name => "state.apply";

    public override bool Exclusive => true;

    protected override IReadOnlyList<string> ArgumentNames => ["states", "pillar", "test"];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromHours(1);

    public override SaltCall BuildCall(JsonElement arguments)
    {
        var order = Valid(arguments);
        var kwargs = new JsonObject();
        if (order.Pillar is not null)
        {
            kwargs["pillar"] = order.Pillar;
        }
        if (order.Test)
        {
            kwargs["test"] = true;
        }
        // Names of sls hold neither a comma nor an equals sign, so this is always taken as the one positional argument.
        return order.States.Count == 0
            ? new SaltCall("state.apply", kwargs)
            : new SaltCall("state.apply", new JsonArray(string.Join(',', order.States)), kwargs);
    }

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) => StateRunReading.Read(returned);

    protected override Arguments Take(ArgumentReader reader)
    {
        var states = reader.Texts("states", MaxStates, MaxStateName, of: "names of sls");
        foreach (var (index, state) in states.Index())
        {
            if (!StateName().IsMatch(state))
            {
                reader.RefuseItem("states", index, $"{ArgumentReader.Show(state)} is not the name of an sls: "
                    + "letters, digits, '_', '-', '.' and '/', beginning with a letter, a digit or '_'.");
            }
        }
        return new Arguments(states, reader.Object("pillar", MaxPillarBytes), reader.Flag("test", otherwise: false));
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_./-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex StateName();

    internal sealed record Arguments(IReadOnlyList<string> States, JsonObject? Pillar, bool Test);
}
