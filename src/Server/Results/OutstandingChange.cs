namespace Saltern.Server.Results;

/// <summary>
/// How many targets each submission lost in one transaction: of those whose return is awaited, and of those that wait
/// for contact. Written at its end, in order of the submissions' ids.
/// </summary>
internal sealed class OutstandingChange
{
    private readonly SortedDictionary<long, (int Outstanding, int Waiting)> fewer = [];

    public long[] Submissions => [.. fewer.Keys];

    public int[] Outstanding => [.. fewer.Values.Select(one => one.Outstanding)];

    public int[] Waiting => [.. fewer.Values.Select(one => one.Waiting)];

    /// <summary>Targets that ended, or asks that were answered.</summary>
    public void End(long submission, bool waited = false, int targets = 1) =>
        Add(submission, waited ? 0 : targets, waited ? targets : 0);

    /// <summary>A target that waited for contact and was heard from: it is awaited again.</summary>
    public void Hear(long submission) => Add(submission, -1, 1);

    private void Add(long submission, int outstanding, int waiting)
    {
        var before = fewer.GetValueOrDefault(submission);
        fewer[submission] = (before.Outstanding + outstanding, before.Waiting + waiting);
    }
}
