using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// Removes packages, and what depends on them; a package that is not installed is nothing to do.
/// Arguments: <c>packages</c> (names).
/// </summary>
internal sealed class PackageRemoveKind : KindWithArguments<PackageRemoveKind.Arguments>
{
    public override string Name => "package.remove";

    public override bool Exclusive => true;

    protected override IReadOnlyList<string> ArgumentNames => ["packages"];

    public override TimeSpan Deadline(JsonElement arguments) => TimeSpan.FromHours(1);

    public override SaltCall BuildCall(JsonElement arguments) => new("pkg.remove", new JsonObject
    {
        ["pkgs"] = new JsonArray([.. Valid(arguments).Packages.Select(name => JsonValue.Create(name))]),
    });

    public override TargetOutcome Read(JsonElement arguments, MinionReturn returned) => PackageReading.Read(returned);

    protected override Arguments Take(ArgumentReader reader)
    {
        PackageArguments.RequireSome(reader);
        return new Arguments(PackageArguments.Names(reader));
    }

    internal sealed record Arguments(IReadOnlyList<string> Packages);
}
