namespace Saltern.Server.Access;

/// <summary>What became of a token that someone showed.</summary>
internal abstract record AccessAnswer
{
    private AccessAnswer()
    {
    }

    internal sealed record Granted(AccessIdentity Identity) : AccessAnswer;

    /// <summary>Not let in, for a reason the holder may read.</summary>
    internal sealed record Refused(string Reason) : AccessAnswer;
}
