namespace Saltern.Server.Salt;

/// <summary>How a call failed before, or instead of, giving a result of its own.</summary>
internal enum MinionFaultKind
{
    /// <summary>The minion has no such function, or its module did not load.</summary>
    MissingFunction,

    /// <summary>The function does not take these arguments.</summary>
    InvalidArguments,

    /// <summary>A program that the function needs is not there.</summary>
    MissingCommand,

    /// <summary>The function gave up and said why.</summary>
    Error,

    /// <summary>The function raised something nobody expected.</summary>
    Exception,
}
