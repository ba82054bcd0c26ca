using System.CommandLine;
using Saltern.Contract;

namespace Saltern.Cli.Client;

/// <summary>channels assign: what is on record for minions, one or a fleet of them.</summary>
internal static class AssignCommand
{
    private static readonly Option<string?> Base = new("--base") { Description = "Label of the base channel." };
    private static readonly Option<string[]> Children = new("--child")
    {
        Description = "Label of a child channel. May be given several times.",
    };

    private static readonly Option<bool> None = new("--none")
    {
        Description = "Instead of a base channel: nothing is on record for them any more.",
    };

    public static IEnumerable<Symbol> Arguments => [.. NamedTarget.Symbols, Base, Children, None];

    public static async Task<int> RunAsync(
        ParseResult parsed, Api api, CliOutput output, CancellationToken cancellationToken)
    {
        var label = parsed.GetValue(Base);
        if (label is null != parsed.GetValue(None))
        {
            output.Error.WriteLine("Give --base with the label of a base channel, or --none.");
            return ExitCodes.Usage;
        }

        var answer = await api.PostAsync<FleetAssignmentAnswer>(
            "/api/v1/channels/assignments",
            new FleetAssignmentRequest
            {
                Target = NamedTarget.Of(parsed), Base = label, Children = parsed.GetValue(Children) ?? [],
            },
            cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(answer);
            return ExitCodes.Ok;
        }

        output.Line(label is null
            ? $"No channels are on record any more for {answer.Minions} minions."
            : $"On record for {answer.Minions} minions; "
                + "'actions schedule channels.apply' makes them their repositories.");
        foreach (var held in answer.HeldMinions)
        {
            output.Error.WriteLine($"left as it is: {held}");
        }

        if (answer.Held > answer.HeldMinions.Count)
        {
            output.Error.WriteLine($"and {answer.Held - answer.HeldMinions.Count} more that are held");
        }

        return answer.Held == 0 ? ExitCodes.Ok : ExitCodes.ActionFailed;
    }
}
