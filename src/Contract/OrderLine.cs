using System.Text.Json;

namespace Saltern.Contract;

/// <summary>One order concerning an action: who said what, and when.</summary>
/// <param name="Verb">What was ordered, for example <c>schedule</c> or <c>cancel</c>.</param>
/// <param name="Actor">Who ordered it.</param>
/// <param name="At">When.</param>
/// <param name="Detail">What else was said, if anything.</param>
public sealed record OrderLine(string Verb, string Actor, DateTimeOffset At, JsonElement? Detail);
