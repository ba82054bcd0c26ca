using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Runs any function of Salt, which is to say anything at all: it has a permission of its own.
/// Arguments: <c>function</c>, <c>args</c> (list), <c>kwargs</c> (object), <c>safeToRepeat</c> (it may be resent and
/// retried; default false), <c>falseIsAnAnswer</c> (default false).
/// In Salt a function whose whole result is <c>false</c> says, as a rule, that it could not do what it was told
/// (service.start, test.false), with a return code of 0 nevertheless. So it counts as a failure here, unless the order
/// says that it asks a question (file.file_exists).
/// </summary>
internal sealed partial class SaltCallKind : KindWithArguments<SaltCallKind.Arguments>
{
    private const int MaxFunctionBytes = 255;
    private const int MaxArgumentBytes = 1024 * 1024;

    public override string Name => "salt.call";

    public override bool Exclusive => false;

    /// <summary>A result of false, or of a command that ran into its time-out, comes with return code 0.</summary>
    public override BodyReading ReadsBody => BodyReading.Always;

    public override string? Permission => "salt.call";

    protected override IReadOnlyList<string> ArgumentNames =>
        ["function", "args", "kwargs", "safeToRepeat", "falseIsAnAnswer"];

    public override bool SafeToRepeat(JsonElement arguments) => Readable(arguments).SafeToRepeat;

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromHours(1);

    public override SaltCall BuildCall(JsonElement arguments)
    {
        var order = Valid(arguments);
        return new SaltCall(order.Function, order.Args ?? [], order.Kwargs ?? []);
    }

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        var order = Readable(arguments);
        var isStateRun = order.Function.StartsWith("state.", StringComparison.Ordinal);
        if (StateRunReading.IsStates(returned.Return) || (isStateRun && !ReturnReading.WentWell(returned)))
        {
            return StateRunReading.Read(returned);
        }
        var isCommand = order.Function.StartsWith("cmd.", StringComparison.Ordinal);
        if (isCommand && CommandResult.TryRead(returned, out var result))
        {
            return CommandReading.Read(returned, result, timeoutSeconds: null);
        }
        return ReturnReading.WentWell(returned) ? Answered(order, returned.Return) : Failed(order, returned);
    }

    protected override Arguments Take(ArgumentReader reader)
    {
        var function = reader.RequiredText("function", MaxFunctionBytes);
        if (function is not null && !SaltCall.IsFunctionName(function))
        {
            reader.Refuse("function", $"{ArgumentReader.Show(function)} is not the name of a function of Salt: give "
                + "module and function, for example service.restart.");
        }
        var args = reader.Array("args", MaxArgumentBytes);
        CheckPositional(args, reader);
        var kwargs = reader.Object("kwargs", MaxArgumentBytes);
        foreach (var name in kwargs?.Select(pair => pair.Key).Where(IsSaltsOwn) ?? [])
        {
            reader.Refuse(
                "kwargs", $"{ArgumentReader.Show(name)} cannot be given: names that begin with '__' are Salt's.");
        }
        return new Arguments(
            function ?? "", args, kwargs,
            reader.Flag("safeToRepeat", otherwise: false), reader.Flag("falseIsAnAnswer", otherwise: false));
    }

    // A minion takes these for something else than a positional argument, and says nothing about it.
    private static void CheckPositional(JsonArray? args, ArgumentReader reader)
    {
        foreach (var (index, item) in (args ?? []).Index())
        {
            if (item is JsonValue value && value.TryGetValue<string>(out var text) && Keyword().IsMatch(text))
            {
                var name = text[..text.IndexOf('=', StringComparison.Ordinal)];
                reader.RefuseItem("args", index, $"Salt takes {ArgumentReader.Show(text)} for the keyword argument "
                    + $"{ArgumentReader.Show(name)}: put it into 'kwargs', under the argument's name.");
            }
            else if (item is JsonObject map && map.ContainsKey("__kwarg__"))
            {
                reader.RefuseItem("args", index, "An object with '__kwarg__' is Salt's way of writing keyword "
                    + "arguments: put them into 'kwargs'.");
            }
        }
    }

    private static bool IsSaltsOwn(string name) => name.StartsWith("__", StringComparison.Ordinal);

    private static TargetOutcome Failed(Arguments order, MinionReturn returned)
    {
        var busy = order.Function.StartsWith("pkg.", StringComparison.Ordinal)
            ? PackageReading.BusyWithLock(ReturnReading.TextOf(returned.Return))
            : null;
        return busy ?? (TargetOutcome)ReturnReading.Failed(returned);
    }

    private static TargetOutcome Answered(Arguments order, JsonElement result) =>
        result.ValueKind is JsonValueKind.False && !order.FalseIsAnAnswer
            ? new TargetOutcome.Failed($"{order.Function} returned false")
            : new TargetOutcome.Completed(ReasonText.Short(ReturnReading.Preview(result)));

    // Salt's own expression for a positional argument that it takes for a keyword argument.
    [GeneratedRegex(@"\A([^\d\W][\w.-]*)=(?!=)(.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Keyword();

    internal sealed record Arguments(
        string Function, JsonArray? Args, JsonObject? Kwargs, bool SafeToRepeat, bool FalseIsAnAnswer);
}
