namespace Saltern.Server.Salt;

/// <summary>Why a master did not give what it was asked for.</summary>
internal enum SaltFailure
{
    /// <summary>No connection: refused, no such name, no route, TLS not trusted.</summary>
    Unreachable,

    /// <summary>The master knows us not, or does not let us.</summary>
    NotAllowed,

    /// <summary>Connected, but no answer in time, or the connection was cut before it was complete.</summary>
    NoAnswer,

    /// <summary>The master answered that it went wrong: an error status, or an exception in a runner.</summary>
    Error,

    /// <summary>An answer that is not what salt-api gives, or larger than allowed.</summary>
    Unreadable,
}
