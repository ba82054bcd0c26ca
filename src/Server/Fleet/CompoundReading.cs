namespace Saltern.Server.Fleet;

/// <summary>What reading a compound expression came to.</summary>
internal abstract record CompoundReading
{
    private CompoundReading()
    {
    }

    public sealed record Understood(CompoundExpression Expression) : CompoundReading;

    /// <param name="Position">Where the reader stopped, in characters, the first being 1.</param>
    /// <param name="Message">A sentence that says what was expected there and what was found.</param>
    public sealed record NotUnderstood(int Position, string Message) : CompoundReading;
}
