namespace Saltern.Contract;

/// <summary>What a minion sent back, or the beginning of it.</summary>
/// <param name="Text">The JSON the minion sent, cut where it is too long to show.</param>
/// <param name="Size">How many characters there are in all.</param>
/// <param name="Cut">Only the beginning is here; <c>/result</c> of the target has what was kept.</param>
/// <param name="CutWhenKept">What was kept for the history is itself only the beginning.</param>
public sealed record ResultText(string Text, long Size, bool Cut, bool CutWhenKept);
