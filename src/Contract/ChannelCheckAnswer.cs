namespace Saltern.Contract;

/// <summary>How far the checking of channels is.</summary>
/// <param name="Addresses">How many addresses this order is about; 0 for a mere question.</param>
/// <param name="Waiting">How many are still to be checked, of this order and of others.</param>
public sealed record ChannelCheckAnswer(int Addresses, int Waiting);
