namespace Saltern.Contract;

/// <summary>One thing a check of a master looked at.</summary>
/// <param name="Subject">What was looked at, for example <c>netapi_enable_clients</c>.</param>
/// <param name="State">One of <see cref="MasterCheckStates"/>.</param>
/// <param name="Says">What was found and, where it is not ok, what to do.</param>
public sealed record MasterCheckLine(string Subject, string State, string Says);
