namespace Saltern.Server.Salt;

/// <summary>Why a submission never reached a master that would take it. Both are safe to try again later.</summary>
internal enum NotSentCause
{
    /// <summary>No connection: refused, no such name, no route, TLS not trusted, no login in time.</summary>
    Unreachable,

    /// <summary>The master knows us not, or does not let us: wrong password, a user without rights, 403.</summary>
    NotAllowed,
}
