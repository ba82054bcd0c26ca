namespace Saltern.Contract;

/// <summary>Addresses that begin with <c>prefix</c> are fetched from <c>target</c> instead.</summary>
public sealed record MirrorMapping
{
    public string? Prefix { get; init; }

    public string? Target { get; init; }
}
