using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Saltern.Server.Salt;

/// <summary>Takes the text of a return apart, field by field, each as far as it is what it should be.</summary>
internal static class MinionReturnReader
{
    public static bool TryRead(
        string fullReturn, [NotNullWhen(true)] out MinionReturn? parsed, [NotNullWhen(false)] out string? reason)
    {
        parsed = null;
        if (!SaltJson.TryParse(fullReturn, out var root, out var problem))
        {
            reason = $"The return is not JSON: {problem}";
            return false;
        }
        if (root.ValueKind is not JsonValueKind.Object)
        {
            reason = $"The return is JSON of kind {root.ValueKind} and not an object.";
            return false;
        }
        parsed = Read(fullReturn, root);
        reason = null;
        return true;
    }

    private static MinionReturn Read(string raw, JsonElement root)
    {
        var retCode = SaltJson.Int(SaltJson.Member(root, "retcode"));
        var success = SaltJson.Member(root, "success");
        return new MinionReturn
        {
            Raw = raw,
            Minion = SaltJson.Text(SaltJson.Member(root, "id")),
            Jid = SaltJson.Text(SaltJson.Member(root, "jid")),
            Function = SaltJson.Text(SaltJson.Member(root, "fun")),
            Stamp = SaltJson.Text(SaltJson.Member(root, "_stamp")),
            RetCode = retCode,
            Success = success.ValueKind is JsonValueKind.Undefined
                ? retCode is 0
                : success.ValueKind is JsonValueKind.True,
            Outputter = SaltJson.Text(SaltJson.Member(root, "out")),
            Return = SaltJson.Member(root, "return"),
            FunctionArgs = SaltJson.Member(root, "fun_args"),
            Metadata = SaltJson.Member(root, "metadata"),
        };
    }
}
