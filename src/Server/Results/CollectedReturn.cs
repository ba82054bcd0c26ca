using System.Text.Json;

namespace Saltern.Server.Results;

/// <summary>A return as the jobs runner or a minion's own cache has it, ready to be stored in our job cache.</summary>
internal sealed record CollectedReturn(string Minion, string Returned, bool Success, string Full)
{
    /// <summary>
    /// Takes an object with <c>return</c>, and with <c>retcode</c> and <c>success</c> where the cache keeps them; very
    /// old caches of masters have the bare result.
    /// </summary>
    public static CollectedReturn Of(string jid, string function, string minion, JsonElement kept)
    {
        var isWhole = kept.ValueKind == JsonValueKind.Object && kept.TryGetProperty("return", out _);
        var returned = (isWhole ? kept.GetProperty("return") : kept).GetRawText();
        var code = CodeOf(kept, isWhole);
        return new CollectedReturn(
            minion, returned, code == 0,
            FullReturn.Of(minion, jid, function, code, returned, isWhole ? kept : default));
    }

    private static int CodeOf(JsonElement kept, bool isWhole)
    {
        if (isWhole && kept.TryGetProperty("retcode", out var number)
            && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var code))
        {
            return code;
        }

        return isWhole && kept.TryGetProperty("success", out var said) && said.ValueKind == JsonValueKind.False ? 1 : 0;
    }
}
