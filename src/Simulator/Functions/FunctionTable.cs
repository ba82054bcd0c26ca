namespace Saltern.Simulator.Functions;

/// <summary>All functions of the simulated minions by name.</summary>
internal static class FunctionTable
{
    private static readonly Dictionary<string, SaltFunction> ByName = new SaltFunction[][]
    {
        TestFunctions.All, GrainsFunctions.All, StateFunctions.All, CommandFunctions.All, PackageFunctions.All,
        SystemFunctions.All, SaltutilFunctions.All, ZypperFunctions.All,
    }.SelectMany(functions => functions).ToDictionary(function => function.Name, StringComparer.Ordinal);

    public static IEnumerable<string> Names => ByName.Keys;

    public static SaltFunction Find(string name) => ByName.GetValueOrDefault(name) ?? Missing(name);

    private static SaltFunction Missing(string name) =>
        new(name, _ => FunctionResult.Error($"'{name}' is not available.")) { TakesMore = true, TakesKeywords = true };
}
