namespace Saltern.Server.Channels.Import;

/// <summary>Gathers what is wrong with a file; a file of thousands of bad entries stays a short answer.</summary>
internal sealed class ImportErrors
{
    private const int MostKept = 20;

    private readonly List<ImportError> kept = [];

    public int Count { get; private set; }

    public void Add(string where, string message)
    {
        Count++;
        if (kept.Count < MostKept)
        {
            kept.Add(new ImportError(where, message));
        }
    }

    public ImportReading.Refused Refusal() => new(kept, Count);
}
