namespace Saltern.Server.Channels;

/// <summary>One product may follow another.</summary>
/// <param name="Online">On the running system; else only from an installation medium.</param>
internal sealed record ProductSuccessor(string FromId, string ToId, bool Online);
