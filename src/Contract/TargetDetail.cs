namespace Saltern.Contract;

/// <summary>Where one minion stands with one action, and every attempt so far, newest first.</summary>
public sealed record TargetDetail(TargetSummary Summary, IReadOnlyList<AttemptDetail> Attempts);
