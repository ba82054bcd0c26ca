namespace Saltern.Server.ServicePacks;

/// <summary>Why a minion cannot go to a target, or has none.</summary>
/// <param name="Subject">The product or channel that it is about; null where it is about none.</param>
/// <param name="Text">For people.</param>
internal sealed record WhyNot(WhyNotCode Code, string? Subject, string Text);
