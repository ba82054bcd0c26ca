namespace Saltern.Server.Actions;

/// <summary>What is wrong with one argument of an order: where, and a sentence that says what is allowed.</summary>
/// <param name="Argument">The argument's path, for example <c>arguments.timeoutSeconds</c>.</param>
/// <param name="Message">A sentence with the value that was refused and what is allowed instead.</param>
internal sealed record ArgumentError(string Argument, string Message);
