using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Functions;

/// <summary>What Python says about a call that does not fit the function.</summary>
internal static class ArgumentCheck
{
    public static FunctionResult? Refuse(SaltFunction function, FunctionCall call)
    {
        string[] strange = function.TakesKeywords
            ? []
            : [.. call.Publication.Keywords.Keys.Where(name => !function.Parameters.Contains(name))];
        if (strange.Length > 0)
        {
            string list = string.Join(", ", strange.Select(name => $"{name}={Json.TextOf(call.Keyword(name))}"));
            return FunctionResult.Error(
                $"ERROR executing '{function.Name}': The following keyword arguments are not valid: {list}");
        }

        string name = function.Name[(function.Name.LastIndexOf('.') + 1)..];
        int given = call.Positional.Count;
        if (given > function.Parameters.Length && !function.TakesMore)
        {
            int takes = function.Parameters.Length;
            return Invalid(
                function,
                $"{name}() takes {takes} positional argument{(takes == 1 ? "" : "s")} but {given} were given");
        }

        string[] missing = [.. function.Parameters.Take(function.Required).Skip(given)
            .Where(parameter => !call.Publication.Keywords.ContainsKey(parameter))];
        return missing.Length == 0 ? null : Invalid(
            function,
            $"{name}() missing {missing.Length} required positional argument{(missing.Length == 1 ? "" : "s")}: "
            + string.Join(" and ", missing.Select(parameter => $"'{parameter}'")));
    }

    private static FunctionResult Invalid(SaltFunction function, string problem) =>
        FunctionResult.Error($"Passed invalid arguments to {function.Name}: {problem}\n");
}
