namespace Saltern.Server.Actions;

/// <summary>All kinds of action this server knows, by name.</summary>
internal sealed class ActionKinds(IEnumerable<ActionKind> kinds)
{
    private readonly Dictionary<string, ActionKind> byName = kinds.ToDictionary(kind => kind.Name);

    /// <summary>The names, in alphabetical order.</summary>
    public IReadOnlyList<string> Names { get; } = [.. kinds.Select(kind => kind.Name).Order()];

    public ActionKind? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>The kind of a stored action. A kind this program does not know was stored by a newer one.</summary>
    public ActionKind Get(string name) => Find(name) ?? throw new InvalidOperationException(
        $"the kind of action '{name}' is unknown to this version of Saltern; known are {string.Join(", ", Names)}");
}
