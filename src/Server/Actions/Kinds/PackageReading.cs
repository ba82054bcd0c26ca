using System.Text.Json;
using System.Text.RegularExpressions;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Reads what Salt's pkg functions return: what changed, as a dict of {old, new}, or a text that says why not.
/// </summary>
internal static partial class PackageReading
{
    private const int SearchedForLock = 100_000;

    public static TargetOutcome Read(MinionReturn returned)
    {
        if (!ReturnReading.WentWell(returned))
        {
            return BusyWithLock(ReturnReading.TextOf(returned.Return)) ?? (TargetOutcome)ReturnReading.Failed(returned);
        }
        return returned.Return.ValueKind is JsonValueKind.Object
            ? new TargetOutcome.Completed(Summary(returned.Return))
            : new TargetOutcome.Failed($"the result is no list of packages: {ReturnReading.Preview(returned.Return)}");
    }

    /// <summary>How many packages became what; `{}` is Salt's word for nothing to do.</summary>
    public static string Summary(JsonElement changes)
    {
        var counts = new SortedDictionary<PackageChange, int>();
        foreach (var change in changes.EnumerateObject())
        {
            var kind = ChangeOf(change.Value);
            counts[kind] = counts.GetValueOrDefault(kind) + 1;
        }
        return counts.Count == 0
            ? "nothing to do"
            : string.Join(", ", counts.Select(count => $"{count.Value} {Word(count.Key)}")) + " (packages)";
    }

    /// <summary>
    /// Another program holds the lock of the package system and no package changed, so the order did nothing; null
    /// when that is not what the text says.
    /// </summary>
    public static TargetOutcome.Busy? BusyWithLock(string? text)
    {
        if (text is null || text.Length > SearchedForLock || CommandReport.TryRead(text) is { Changed: > 0 })
        {
            return null;
        }
        return LockHeld().Match(text) is { Success: true } found
            ? new TargetOutcome.Busy(ReasonText.Short(ReasonText.FirstLine(found.Value)))
            : null;
    }

    private static PackageChange ChangeOf(JsonElement change)
    {
        if (change.ValueKind is not JsonValueKind.Object)
        {
            return PackageChange.Changed;
        }
        var old = Version(change, "old");
        var @new = Version(change, "new");
        return (old, @new) switch
        {
            (null, null) => PackageChange.Changed,
            (null, _) => PackageChange.Installed,
            (_, null) => PackageChange.Removed,
            _ => PackageChange.Updated,
        };
    }

    private static string? Version(JsonElement change, string name) =>
        SaltJson.Text(SaltJson.Member(change, name)) is { Length: > 0 } version ? version : null;

    private static string Word(PackageChange change) => change switch
    {
        PackageChange.Installed => "installed",
        PackageChange.Updated => "updated",
        PackageChange.Removed => "removed",
        _ => "changed",
    };

    private enum PackageChange
    {
        Installed,
        Updated,
        Removed,
        Changed,
    }

    // zypper; apt and dpkg, old and new wording; yum and dnf; rpm.
    [GeneratedRegex(
        @"System management is locked by the application with pid [^\r\n]*"
        + @"|Could not get lock /[^\r\n]*"
        + @"|Unable to acquire the dpkg frontend lock[^\r\n]*"
        + @"|Another app is currently holding the (yum|dnf) lock[^\r\n]*"
        + @"|can't create transaction lock on [^\r\n]*",
        RegexOptions.CultureInvariant)]
    private static partial Regex LockHeld();
}
