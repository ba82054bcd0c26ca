namespace Saltern.Server.Channels.Import;

/// <summary>What is wrong with a file.</summary>
/// <param name="Where">The entry and its field: <c>[17].url (channel sles15-pool)</c>.</param>
internal sealed record ImportError(string Where, string Message);
