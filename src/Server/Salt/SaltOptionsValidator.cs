using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Salt;

/// <summary>Says at start what is wrong with the masters' settings: the key, its value, and what is allowed.</summary>
internal sealed partial class SaltOptionsValidator : IValidateOptions<SaltOptions>
{
    private static readonly string[] Eauths = ["sharedsecret", "pam", "file", "ldap", "auto"];

    private static readonly string[] JobCaches = ["database", "runner"];

    private static readonly PropertyInfo[] Ranged =
        [.. typeof(SaltMasterOptions).GetProperties().Where(property => property.IsDefined(typeof(RangeAttribute)))];

    public ValidateOptionsResult Validate(string? name, SaltOptions options)
    {
        var problems = options.Masters.SelectMany(ProblemsOf).ToList();
        var twice = options.Masters.CountBy(master => master.Name).Where(named => named.Value > 1);
        problems.AddRange(twice.Select(named =>
            $"{SaltSettings.Section} has {named.Value} masters named '{named.Key}'; each must have its own name."));
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> ProblemsOf(SaltMasterOptions master, int index)
    {
        var key = $"{SaltSettings.Section}:{index}";
        return
        [
            .. NameProblems(master, key),
            .. RangeProblems(master, key),
            .. PasswordProblems(master, key),
            .. TlsProblems(master, key),
            .. ConnectProblems(master, key),
        ];
    }

    private static IEnumerable<string> NameProblems(SaltMasterOptions master, string key)
    {
        const string allowed = "it must be 1 to 64 letters, digits, '.', '_' or '-'";
        if (!PlainName().IsMatch(master.Name))
        {
            yield return $"{key}:Name is '{master.Name}'; {allowed}.";
        }
        if (!PlainName().IsMatch(master.KeyDomain))
        {
            yield return $"{key}:KeyDomain is '{master.KeyDomain}'; {allowed}.";
        }
        if (!IsUrl(master.Url))
        {
            yield return $"{key}:Url is '{master.Url}'; it must be an http or https address without user, query or "
                + "fragment, such as https://salt.example.org:8000/.";
        }
        if (string.IsNullOrWhiteSpace(master.Username))
        {
            yield return $"{key}:Username is '{master.Username}'; it must be a user of the master's external_auth.";
        }
        if (!JobCaches.Contains(master.JobCache, StringComparer.Ordinal))
        {
            yield return $"{key}:JobCache is '{master.JobCache}'; it must be one of {string.Join(", ", JobCaches)}.";
        }
        if (!Eauths.Contains(master.Eauth, StringComparer.Ordinal))
        {
            yield return $"{key}:Eauth is '{master.Eauth}'; it must be one of {string.Join(", ", Eauths)}.";
        }
    }

    private static IEnumerable<string> RangeProblems(SaltMasterOptions master, string key) =>
        from property in Ranged
        let value = property.GetValue(master)
        where !property.GetCustomAttribute<RangeAttribute>()!.IsValid(value)
        select $"{key}:{property.Name} is '{value}'; it must be a whole number from {SaltSettings.Range(property)}.";

    private static IEnumerable<string> PasswordProblems(SaltMasterOptions master, string key)
    {
        string?[] places = [master.PasswordFile, master.PasswordEnvironment, master.Password];
        if (places.Count(place => place is not null) != 1)
        {
            yield return $"{key} sets {places.Count(place => place is not null)} of PasswordFile, PasswordEnvironment "
                + "and the environment's Password; it must set exactly one.";
        }
        else if (!MasterPassword.TryRead(master, out _, out var problem))
        {
            yield return $"{key} gives no password: {problem}.";
        }
    }

    private static IEnumerable<string> TlsProblems(SaltMasterOptions master, string key)
    {
        if (master.CaFile is not { } file)
        {
            yield break;
        }
        if (!SaltHandler.TryReadCertificates(file, out _, out var problem))
        {
            yield return $"{key}:CaFile is '{file}', of which nothing can be trusted: {problem}.";
        }
        if (master.InsecureSkipTlsVerification)
        {
            yield return $"{key}:InsecureSkipTlsVerification is 'True', but there is a CaFile; set one of the two.";
        }
    }

    private static IEnumerable<string> ConnectProblems(SaltMasterOptions master, string key)
    {
        if (master.ConnectTimeoutSeconds > Math.Min(master.LoginTimeoutSeconds, master.SubmitTimeoutSeconds))
        {
            yield return $"{key}:ConnectTimeoutSeconds is '{master.ConnectTimeoutSeconds}'; it must be no more than "
                + "LoginTimeoutSeconds and SubmitTimeoutSeconds.";
        }
    }

    private static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https"
        && url.UserInfo.Length == 0 && url.Query.Length == 0 && url.Fragment.Length == 0;

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex PlainName();
}
