namespace Saltern.Contract;

/// <summary>One thing a check of a master looked at.</summary>
/// <param name="Subject">What was looked at, for example <c>netapi_enable_clients</c>.</param>
/// <param name="Good">Whether it is as it should be.</param>
/// <param name="Says">What was found and, where it is not good, what to do.</param>
public sealed record MasterCheckLine(string Subject, bool Good, string Says);
