using System.CommandLine;
using System.Text.Json;

namespace Saltern.Cli.Client;

/// <summary>
/// What a migration needs most, as options; they are put before what <c>--arg</c> gives, which may be any argument of
/// the kind.
/// </summary>
internal static class MigrationArguments
{
    private static readonly Option<string> To = new("--to")
    {
        Description = "The id of the base product to go to; see 'servicepack targets'.", Required = true,
    };

    private static readonly Option<bool> Real = new("--real") { Description = "Do it; else it is a dry run." };
    private static readonly Option<string[]> Channel = new("--channel") { Description = "An optional channel." };
    private static readonly Option<string[]> From = new("--from") { Description = "zypper dup --from this channel." };
    private static readonly Option<bool?> Vendor = new("--allow-vendor-change")
    {
        Description = "true or false; left out: as the minion's zypp.conf says.",
    };

    private static readonly Option<int?> RemoveLimit = new("--remove-limit")
    {
        Description = "Fail if more packages than this would be removed.",
    };

    private static readonly Option<string[]> Keep = new("--forbid-removal")
    {
        Description = "Fail if this package would be removed; wildcards allowed.",
    };

    private static readonly Option<bool> Extensions = new("--remove-extensions")
    {
        Description = "Extensions without a successor may go.",
    };

    private static readonly Option<bool> Reboot = new("--reboot") { Description = "Restart after a real run." };
    private static readonly Option<int?> DryRunDays = new("--require-dry-run")
    {
        Description = "Only where the same passed as a dry run within so many days.",
    };

    public static IReadOnlyList<Symbol> Options =>
        [To, Real, Channel, From, Vendor, RemoveLimit, Keep, Extensions, Reboot, DryRunDays];

    public static JsonElement Of(ParseResult parsed, JsonElement? others)
    {
        var arguments = new Dictionary<string, object?>
        {
            ["target"] = parsed.GetValue(To), ["dryRun"] = !parsed.GetValue(Real),
        };
        Add("channels", parsed.GetValue(Channel) is { Length: > 0 } channels ? channels : null);
        Add("from", parsed.GetValue(From) is { Length: > 0 } from ? from : null);
        Add("allowVendorChange", parsed.GetValue(Vendor));
        Add("removeLimit", parsed.GetValue(RemoveLimit));
        Add("forbidRemoval", parsed.GetValue(Keep) is { Length: > 0 } kept ? kept : null);
        Add("removeExtensions", parsed.GetValue(Extensions) ? true : null);
        Add("rebootAfter", parsed.GetValue(Reboot) ? true : null);
        Add("requireDryRunDays", parsed.GetValue(DryRunDays));
        foreach (var one in others?.EnumerateObject().ToArray() ?? [])
        {
            arguments[one.Name] = one.Value;
        }

        return JsonSerializer.SerializeToElement(arguments);

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                arguments[name] = value;
            }
        }
    }
}
