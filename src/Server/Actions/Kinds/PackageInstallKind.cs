using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Installs packages.
/// Arguments: <c>packages</c> (names, or objects of <c>name</c> and <c>version</c>), <c>refresh</c> (read the
/// repositories anew first; default true, for with old metadata the package system asks for files that are gone).
/// </summary>
internal sealed class PackageInstallKind : KindWithArguments<PackageInstallKind.Arguments>
{
    public override string Name => "package.install";

    public override bool Exclusive => true;

    protected override IReadOnlyList<string> ArgumentNames => ["packages", "refresh"];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromHours(1);

    public override SaltCall BuildCall(JsonElement arguments)
    {
        var order = Valid(arguments);
        return new SaltCall("pkg.install", new JsonObject
        {
            ["pkgs"] = new JsonArray([.. order.Packages.Select(Target)]),
            ["refresh"] = order.Refresh,
        });
    }

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) => PackageReading.Read(returned);

    protected override Arguments Take(ArgumentReader reader)
    {
        PackageArguments.RequireSome(reader);
        return new Arguments(PackageArguments.ToInstall(reader), reader.Flag("refresh", otherwise: true));
    }

    private static JsonNode Target(PackageToInstall package) => package.Version is null
        ? JsonValue.Create(package.Name)
        : new JsonObject { [package.Name] = package.Version };

    internal sealed record Arguments(IReadOnlyList<PackageToInstall> Packages, bool Refresh);
}
