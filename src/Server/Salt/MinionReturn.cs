using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Saltern.Server.Salt;

/// <summary>
/// What a minion sent: the column full_ret of the job cache, taken apart. A minion may send anything, so every field
/// but the raw text may be absent or odd; only text that is no JSON object is no return at all.
/// </summary>
internal sealed record MinionReturn
{
    /// <summary>The text as it stands in the job cache.</summary>
    public required string Raw { get; init; }

    public string? Minion { get; init; }

    public string? Jid { get; init; }

    public string? Function { get; init; }

    /// <summary>When the master took this delivery, as it wrote it; a second delivery has another one.</summary>
    public string? Stamp { get; init; }

    public int? RetCode { get; init; }

    /// <summary>What the minion says, which is: retcode is 0. Not the truth for every function.</summary>
    public bool Success { get; init; }

    /// <summary>
    /// How Salt would print it. `nested` on a return that is a failure of Salt and not of the function.
    /// </summary>
    public string? Outputter { get; init; }

    /// <summary>The result; of kind Undefined if there is none.</summary>
    public JsonElement Return { get; init; }

    /// <summary>The arguments as the minion got them; of kind Undefined if it does not say.</summary>
    public JsonElement FunctionArgs { get; init; }

    /// <summary>What our submission said about itself; of kind Undefined if it said nothing.</summary>
    public JsonElement Metadata { get; init; }

    /// <summary>Takes a return apart, or says why it is none.</summary>
    public static bool TryParse(
        string fullReturn, [NotNullWhen(true)] out MinionReturn? parsed, [NotNullWhen(false)] out string? reason) =>
        MinionReturnReader.TryRead(fullReturn, out parsed, out reason);
}
