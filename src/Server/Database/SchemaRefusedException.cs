namespace Saltern.Server.Database;

/// <summary>This program must not touch this database; the message says why and what to do.</summary>
internal sealed class SchemaRefusedException(string message) : Exception(message);
