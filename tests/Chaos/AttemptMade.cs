namespace Saltern.Chaos;

/// <summary>One attempt on record.</summary>
internal sealed record AttemptMade(int Number, string Jid, bool Busy);
