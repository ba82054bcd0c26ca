namespace Saltern.Server.Salt;

/// <summary>The masters we hand work to.</summary>
internal sealed class SaltOptions
{
    public IReadOnlyList<SaltMasterOptions> Masters { get; set; } = [];
}
