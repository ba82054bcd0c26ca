using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Functions;

/// <summary>A function called on one minion. Exists only while the fleet's lock is held.</summary>
internal sealed class FunctionCall(MinionProcess process, Publication publication, int minion)
{
    public MinionProcess Process { get; } = process;

    public Publication Publication { get; } = publication;

    public int Minion { get; } = minion;

    public Fleet Fleet => Process.Fleet;

    public string Id => Fleet.IdOf(Minion);

    public ref MinionState State => ref Fleet[Minion];

    public DateTimeOffset Now => Process.Clock.GetUtcNow();

    public IReadOnlyList<JsonNode?> Positional => Publication.Positional;

    /// <summary>When the call began; equal to now before it runs.</summary>
    public DateTimeOffset StartedAt { get; init; }

    public int Pid { get; init; }

    public JsonNode? Keyword(string name) => Publication.Keywords.GetValueOrDefault(name);

    /// <summary>The argument with this name, or at this place among the positional ones.</summary>
    public JsonNode? Argument(string name, int place) =>
        Publication.Keywords.TryGetValue(name, out JsonNode? value) ? value : Positional.ElementAtOrDefault(place);

    public string Text(string name, int place) => Json.TextOf(Argument(name, place));
}
