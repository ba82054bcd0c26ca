using System.Text.Json;

namespace Saltern.Server.Salt;

/// <summary>What the end of a request means for a runner or a wheel function. Pure.</summary>
internal static class CallReading
{
    public static SaltAnswer<JsonElement> OfRunner(SaltExchange exchange) =>
        Of(exchange).Then<JsonElement>(value => FailureText(value) is { } reason ? Error(reason) : Given(value));

    public static SaltAnswer<JsonElement> OfWheel(SaltExchange exchange) => Of(exchange).Then(OfWheelEntry);

    public static SaltAnswer<SaltLogin> OfLogin(SaltExchange exchange) => Of(exchange).Then(OfLoginEntry);

    private static SaltAnswer<JsonElement> Of(SaltExchange exchange) => exchange switch
    {
        SaltExchange.Answered { Status: >= 200 and < 300 } answered => SaltBody.SingleReturn(answered.Body),
        SaltExchange.Answered answered => new SaltAnswer<JsonElement>.Failed(
            answered.Status is 401 or 403 ? SaltFailure.NotAllowed : SaltFailure.Error,
            SaltErrorText.Of(answered.Status, answered.Body)),
        SaltExchange.NotSent notSent => new SaltAnswer<JsonElement>.Failed(notSent.Cause, notSent.Reason),
        SaltExchange.NotPermitted refused => new SaltAnswer<JsonElement>.Failed(
            SaltFailure.NotAllowed, refused.Reason),
        SaltExchange.Lost lost => new SaltAnswer<JsonElement>.Failed(lost.Cause, lost.Reason),
        _ => throw new InvalidOperationException("An exchange has four ends."),
    };

    private static SaltAnswer<JsonElement> OfWheelEntry(JsonElement entry)
    {
        var data = SaltJson.Member(entry, "data");
        var value = SaltJson.Member(data, "return");
        if (value.ValueKind is JsonValueKind.Undefined)
        {
            return new SaltAnswer<JsonElement>.Failed(
                SaltFailure.Unreadable, "The wheel's answer has no `data` with a `return`.");
        }
        if (FailureText(value) is { } reason)
        {
            return Error(reason);
        }
        return SaltJson.Member(data, "success").ValueKind is JsonValueKind.True
            ? Given(value)
            : Error($"The wheel says that it failed: {Traceback.Short(SaltJson.Text(value) ?? "")}");
    }

    private static SaltAnswer<SaltLogin> OfLoginEntry(JsonElement entry)
    {
        if (SaltJson.Text(SaltJson.Member(entry, "token")) is not { Length: > 0 } token)
        {
            return new SaltAnswer<SaltLogin>.Failed(SaltFailure.Unreadable, "The answer to the login has no token.");
        }
        return new SaltAnswer<SaltLogin>.Given(new SaltLogin(token, ExpiresAt(entry), HasRights(entry))
        {
            Rights = MasterRights.Of(SaltJson.Member(entry, "perms")),
        });
    }

    private static DateTimeOffset? ExpiresAt(JsonElement entry) =>
        SaltJson.Member(entry, "expire") is { ValueKind: JsonValueKind.Number } expire
        && expire.TryGetDouble(out var seconds)
        && seconds is > 0 and < 253_402_300_800
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    // With eauth sharedsecret anybody who knows the secret logs in; a user that external_auth does not list gets `{}`.
    private static bool HasRights(JsonElement entry) => SaltJson.Member(entry, "perms") switch
    {
        { ValueKind: JsonValueKind.Array } perms => perms.GetArrayLength() > 0,
        { ValueKind: JsonValueKind.Object } perms => perms.EnumerateObject().Any(),
        _ => true,
    };

    // A function that raised comes with status 200 and its traceback for a result; so does one with wrong arguments.
    private static string? FailureText(JsonElement value)
    {
        if (SaltJson.Text(value) is not { } text)
        {
            return null;
        }
        var isException = text.StartsWith("Exception occurred in ", StringComparison.Ordinal);
        var isUsage = text.TrimStart().StartsWith("Passed invalid arguments: ", StringComparison.Ordinal);
        return isException || isUsage ? Traceback.Short(text) : null;
    }

    private static SaltAnswer<JsonElement>.Given Given(JsonElement value) => new(value);

    private static SaltAnswer<JsonElement>.Failed Error(string reason) => new(SaltFailure.Error, reason);
}
