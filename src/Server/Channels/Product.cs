namespace Saltern.Server.Channels;

/// <summary>A product as a vendor lists it.</summary>
/// <param name="Id">SUSE Customer Center's number, or what a YAML file chose.</param>
/// <param name="Name">The identifier that zypper shows, <c>SLES</c>.</param>
/// <param name="Arch">Null where it is the same for all.</param>
/// <param name="Title">For people: <c>SUSE Linux Enterprise Server 15 SP5 x86_64</c>.</param>
/// <param name="Stage">released, beta or alpha.</param>
internal sealed record Product(
    string Id, string Name, string Version, string? ReleaseType, string? Arch, ProductKind Kind, string Title,
    string Stage)
{
    public const string Released = "released";
}
