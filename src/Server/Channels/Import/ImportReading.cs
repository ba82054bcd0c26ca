namespace Saltern.Server.Channels.Import;

/// <summary>What reading a file comes to.</summary>
internal abstract record ImportReading
{
    private ImportReading()
    {
    }

    public sealed record Understood(ProductImport Import) : ImportReading;

    /// <summary>Nothing of it can be used; the first errors, and how many there are.</summary>
    public sealed record Refused(IReadOnlyList<ImportError> Errors, int Count) : ImportReading;
}
