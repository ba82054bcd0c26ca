using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Brings packages to their newest version; a named one that is not installed stays so.
/// Arguments: <c>packages</c> (names; left out: all that are installed).
/// </summary>
internal sealed class PackageUpdateKind : KindWithArguments<PackageUpdateKind.Arguments>
{
    private const string PackagesPlace = "@packages@";
    private const string NotInstalledState = "saltern_not_installed";

    // No function of Salt updates just the named packages everywhere: apt's pkg.upgrade ignores the names and upgrades
    // everything, zypper's pkg.install installs what is not there. The state pkg.latest on those that are installed is
    // the same on all of them. Names hold no quote (PackageArguments), so they can stand in the template as they are.
    private const string NamedTemplate = """
        {% set installed = salt['pkg.list_pkgs']() %}
        {% set present = [] %}
        {% set absent = [] %}
        {% for name in [@packages@] %}
        {% if name in installed %}{% do present.append(name) %}{% else %}{% do absent.append(name) %}{% endif %}
        {% endfor %}
        {% if present %}
        saltern_packages:
          pkg.latest:
            - pkgs: {{ present | json }}
            - refresh: true
        {% endif %}
        {% if absent %}
        saltern_not_installed:
          test.succeed_without_changes:
            - name: '{{ absent | join(", ") }}'
        {% endif %}
        """;

    public override string Name => "package.update";

    public override bool Exclusive => true;

    protected override IReadOnlyList<string> ArgumentNames => ["packages"];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromHours(1);

    public override SaltCall BuildCall(JsonElement arguments)
    {
        var names = Valid(arguments).Packages;
        if (names.Count == 0)
        {
            return new SaltCall("pkg.upgrade", new JsonObject { ["refresh"] = true });
        }
        var list = string.Join(", ", names.Select(name => $"'{name}'"));
        return new SaltCall("state.template_str", new JsonObject
        {
            ["tem"] = NamedTemplate.Replace(PackagesPlace, list, StringComparison.Ordinal),
        });
    }

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned)
    {
        if (StateRunReading.IsStates(returned.Return))
        {
            return ReadNamed(returned);
        }
        // A list is a state run that was not begun.
        return returned.Return.ValueKind is JsonValueKind.Array
            ? StateRunReading.Read(returned)
            : PackageReading.Read(returned);
    }

    protected override Arguments Take(ArgumentReader reader)
    {
        PackageArguments.RefuseEmpty(reader, "'packages' must name at least one package; leave it out to update all.");
        return new Arguments(PackageArguments.Names(reader));
    }

    private static TargetOutcome ReadNamed(MinionReturn returned)
    {
        if (StateRunReading.Read(returned) is not TargetOutcome.Completed)
        {
            return LockHeld(returned.Return) ?? StateRunReading.Read(returned);
        }
        var changes = "nothing to do";
        var absent = "";
        foreach (var state in returned.Return.EnumerateObject())
        {
            if (SaltJson.Text(SaltJson.Member(state.Value, "__id__")) == NotInstalledState)
            {
                absent = $"; not installed: {SaltJson.Text(SaltJson.Member(state.Value, "name"))}";
            }
            else if (SaltJson.Member(state.Value, "changes") is { ValueKind: JsonValueKind.Object } packages)
            {
                changes = PackageReading.Summary(packages);
            }
        }
        return new TargetOutcome.Completed(ReasonText.Short(changes + absent));
    }

    private static TargetOutcome.Busy? LockHeld(JsonElement states)
    {
        foreach (var state in states.EnumerateObject())
        {
            var changes = SaltJson.Member(state.Value, "changes");
            var untouched = changes.ValueKind is not JsonValueKind.Object || !changes.EnumerateObject().Any();
            var comment = ReturnReading.TextOf(SaltJson.Member(state.Value, "comment"));
            if (untouched && PackageReading.BusyWithLock(comment) is { } busy)
            {
                return busy;
            }
        }
        return null;
    }

    internal sealed record Arguments(IReadOnlyList<string> Packages);
}
