namespace Saltern.Simulator.SaltApi;

/// <summary>A request in which Salt raised something unexpected: the one error that salt-api answers as JSON.</summary>
internal sealed class ServerError() : Exception("An unexpected error occurred");
