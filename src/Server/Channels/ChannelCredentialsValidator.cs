using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Saltern.Server.Settings;

namespace Saltern.Server.Channels;

/// <summary>
/// Says at start what is wrong with credentials for channels: the key, and what is allowed; never a secret.
/// </summary>
internal sealed class ChannelCredentialsValidator(IConfiguration configuration) : IValidateOptions<ChannelsOptions>
{
    private const string List = $"{ChannelsOptions.Section}:{nameof(ChannelsOptions.Credentials)}";

    public ValidateOptionsResult Validate(string? name, ChannelsOptions options)
    {
        var problems = options.Credentials.SelectMany((one, index) => ProblemsOf(one, $"{List}:{index}")).ToList();
        problems.AddRange(options.Credentials.CountBy(one => one.Prefix).Where(one => one.Value > 1)
            .Select(one => $"{List} has {one.Value} entries for '{one.Key}'; each address must have one."));
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> ProblemsOf(ChannelCredentialOptions entry, string key) =>
        [.. PrefixProblems(entry, key), .. UserProblems(entry, key), .. SecretProblems(entry, key)];

    private static IEnumerable<string> PrefixProblems(ChannelCredentialOptions entry, string key)
    {
        if (!Uri.TryCreate(entry.Prefix, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")
            || url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0
            || !entry.Prefix.EndsWith('/'))
        {
            yield return $"{key}:Prefix must be an http or https address that ends with a slash, without user, query "
                + "and fragment.";
        }
    }

    private static IEnumerable<string> UserProblems(ChannelCredentialOptions entry, string key)
    {
        if (entry.Username is null == entry.Header is null || entry is { Username: "" } or { Header: "" })
        {
            yield return $"{key} must set one of Username and Header.";
        }

        if (entry.Username?.Contains(':', StringComparison.Ordinal) is true || HasLineEnd(entry.Username))
        {
            yield return $"{key}:Username must have no colon and no line end.";
        }

        if (entry.Header is { Length: > 0 } header
            && !header.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'))
        {
            yield return $"{key}:Header must be the name of a header: letters, digits, '-' and '_'.";
        }
    }

    private IEnumerable<string> SecretProblems(ChannelCredentialOptions entry, string key)
    {
        string?[] places = [entry.PasswordFile, entry.PasswordEnvironment, entry.Password];
        if (places.Count(place => place is not null) != 1)
        {
            yield return $"{key} sets {places.Count(place => place is not null)} of PasswordFile, PasswordEnvironment "
                + "and the environment's Password; it must set exactly one.";
        }
        else if (entry.Password is not null && !Secret.IsFromEnvironment($"{key}:Password", configuration))
        {
            yield return $"{key}:Password is set outside the environment; use PasswordFile, PasswordEnvironment or the "
                + "environment variable for this key.";
        }
        else if (!Secret.TryRead(
            entry.PasswordFile, entry.PasswordEnvironment, entry.Password, out var secret, out var problem))
        {
            yield return $"{key} gives no secret: {problem}.";
        }
        else if (HasLineEnd(secret))
        {
            yield return $"{key} gives a secret of several lines; it must be one.";
        }
    }

    private static bool HasLineEnd(string? text) => text?.AsSpan().ContainsAny('\r', '\n') is true;
}
