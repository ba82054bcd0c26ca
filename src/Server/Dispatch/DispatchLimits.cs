namespace Saltern.Server.Dispatch;

/// <summary>What one master is given at most.</summary>
/// <param name="MostInFlight">Targets picked up and unanswered at a time.</param>
/// <param name="NamesPerSubmission">Names in one call; the master's time grows with the square of it.</param>
internal sealed record DispatchLimits(int MostInFlight, int NamesPerSubmission);
