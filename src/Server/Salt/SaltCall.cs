using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Saltern.Server.Salt;

/// <summary>
/// A function of Salt with its arguments: what a minion is to run.
/// A minion takes a positional string that looks like `name=value` for a keyword argument, so whatever a person
/// typed (a command line, a package name) belongs into <see cref="Kwargs"/>, under its name.
/// </summary>
internal sealed partial record SaltCall(string Function, JsonArray Args, JsonObject Kwargs)
{
    public SaltCall(string function)
        : this(function, [], [])
    {
    }

    public SaltCall(string function, JsonArray args)
        : this(function, args, [])
    {
    }

    public SaltCall(string function, JsonObject kwargs)
        : this(function, [], kwargs)
    {
    }

    /// <summary>Whether the text names one function, `module.function`. A list of several is none.</summary>
    public static bool IsFunctionName(string? text) => text is { Length: <= 255 } && FunctionName().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+\z", RegexOptions.CultureInvariant)]
    private static partial Regex FunctionName();
}
