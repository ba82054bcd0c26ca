namespace Saltern.Server.Salt;

/// <summary>The end of a call other than a submission: what was asked for, or why it is not there.</summary>
internal abstract record SaltAnswer<T>
{
    private SaltAnswer() { }

    public sealed record Given(T Value) : SaltAnswer<T>;

    public sealed record Failed(SaltFailure Cause, string Reason) : SaltAnswer<T>;

    /// <summary>The same answer with its value turned into another.</summary>
    public SaltAnswer<TOther> Then<TOther>(Func<T, SaltAnswer<TOther>> next) => this switch
    {
        Given given => next(given.Value),
        Failed failed => new SaltAnswer<TOther>.Failed(failed.Cause, failed.Reason),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };
}
