namespace Saltern.Server.Fleet;

/// <summary>
/// What is wrong with minions that were named, gathered so that a hundred thousand names stay one sentence.
/// </summary>
internal sealed class NameProblems
{
    private readonly List<string> notAccepted = [];
    private readonly List<string> ambiguous = [];

    public List<string> Unknown { get; } = [];

    public void Add(string minionId, long accepted, string? otherStatus, string? domains)
    {
        if (accepted > 1)
        {
            ambiguous.Add($"{minionId} (in {domains})");
        }
        else if (otherStatus is not null)
        {
            notAccepted.Add($"{minionId} ({otherStatus})");
        }
        else
        {
            Unknown.Add(minionId);
        }
    }

    public IReadOnlyList<(string Argument, string Message)> Errors(string argument)
    {
        var errors = new List<(string, string)>();
        if (Unknown.Count > 0)
        {
            errors.Add((argument, $"{Count(Unknown, "is", "are")} not known: {List(Unknown)}."));
        }

        if (notAccepted.Count > 0)
        {
            errors.Add((argument, $"The keys of these minions are not accepted: {List(notAccepted)}."));
        }

        if (ambiguous.Count > 0)
        {
            errors.Add((argument, "These ids belong to a minion in more than one key domain; name the key domain: "
                + $"{List(ambiguous)}."));
        }

        return errors;
    }

    private static string Count(List<string> names, string one, string several) =>
        names.Count == 1 ? $"1 minion {one}" : $"{names.Count} minions {several}";

    private static string List(List<string> names) => names.Count <= TargetSelector.MostNamesListed
        ? string.Join(", ", names)
        : string.Join(", ", names.Take(TargetSelector.MostNamesListed))
            + $" and {names.Count - TargetSelector.MostNamesListed} more";
}
