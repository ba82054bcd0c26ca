namespace Saltern.Contract;

/// <summary>What an import changed in one kind of entry: how many, and up to 50 names of each.</summary>
public sealed record ImportChange(
    int Added, int Changed, int Gone, IReadOnlyList<string> AddedNames, IReadOnlyList<string> ChangedNames,
    IReadOnlyList<string> GoneNames);
