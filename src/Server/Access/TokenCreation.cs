namespace Saltern.Server.Access;

/// <summary>What became of the wish for a token.</summary>
internal abstract record TokenCreation
{
    private TokenCreation()
    {
    }

    /// <summary>Here it is, for the only time: it is not kept.</summary>
    internal sealed record Created(string Token) : TokenCreation;

    internal sealed record Refused(string Reason) : TokenCreation;
}
