namespace Saltern.Contract;

/// <summary>All mirrors; what was there before is replaced. Of several that fit, the longest prefix counts.</summary>
public sealed record MirrorsRequest
{
    public IReadOnlyList<MirrorMapping>? Mirrors { get; init; }
}
