namespace Saltern.Server.Salt;

/// <summary>How one HTTP request ended, before anybody asks what it means.</summary>
internal abstract record SaltExchange
{
    private SaltExchange() { }

    /// <summary>An answer with its status. The body is whole if the status is of the 2xx.</summary>
    public sealed record Answered(int Status, byte[] Body) : SaltExchange;

    /// <summary>The request cannot have reached anything that would act on it.</summary>
    public sealed record NotSent(SaltFailure Cause, string Reason) : SaltExchange;

    /// <summary>The master knows the user, and its external_auth does not list this call. Nothing was done.</summary>
    public sealed record NotPermitted(string Reason) : SaltExchange;

    /// <summary>The request may have arrived; there is no whole answer.</summary>
    public sealed record Lost(SaltFailure Cause, string Reason) : SaltExchange;
}
