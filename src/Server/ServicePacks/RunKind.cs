using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Saltern.Server.Actions;
using Saltern.Server.Actions.Kinds;
using Saltern.Server.Salt;

namespace Saltern.Server.ServicePacks;

/// <summary>A question about a run that is on record on the minion. Arguments: <c>runId</c>.</summary>
internal abstract partial class RunKind : KindWithArguments<RunKind.Arguments>
{
    private const int MaxRunId = 100;

    public override bool Exclusive => false;

    public override BodyReading ReadsBody => BodyReading.Always;

    protected abstract string Function { get; }

    protected override IReadOnlyList<string> ArgumentNames => ["runId"];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromMinutes(10);

    public override SaltCall BuildCall(JsonElement arguments) =>
        new(Function, new JsonObject { ["run_id"] = Valid(arguments).RunId });

    protected override Arguments Take(ArgumentReader reader)
    {
        var runId = reader.RequiredText("runId", MaxRunId) ?? "";
        if (runId.Length > 0 && !RunId().IsMatch(runId))
        {
            reader.Refuse("runId", $"{ArgumentReader.Show(runId)} is not the id of a run: letters, digits, '.', '-' "
                + "and '_', at most 100, beginning with a letter or a digit.");
        }

        return new Arguments(runId);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex RunId();

    internal sealed record Arguments(string RunId);
}
