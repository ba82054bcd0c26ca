namespace Saltern.Server.Database;

/// <summary>
/// There is no PostgreSQL to start on this machine, or it does not start; the message says what to do.
/// </summary>
internal sealed class PostgresMissingException(string message) : Exception(message);
