namespace Saltern.Cli;

/// <summary>What a script may rely on. The help of the root command shows the same list.</summary>
internal static class ExitCodes
{
    /// <summary>Done; where an action was watched: all of its targets completed.</summary>
    public const int Ok = 0;

    /// <summary>
    /// The action that was watched ended, and not all of its targets completed; or a minion was past cancelling.
    /// </summary>
    public const int ActionFailed = 1;

    /// <summary>The command or its arguments were wrong, here or by the server's judgement.</summary>
    public const int Usage = 2;

    /// <summary>The server (or its database) could not be reached, or it broke.</summary>
    public const int NotReachable = 3;

    /// <summary>No token, or one that does not allow it.</summary>
    public const int NotAllowed = 4;

    /// <summary>There is no such thing.</summary>
    public const int NotFound = 5;

    /// <summary>Ended by Ctrl-C, as shells say it.</summary>
    public const int Interrupted = 130;

    public const string Help =
        "Exit codes: 0 done (watched: all completed), 1 the watched action ended with failures "
        + "(or: past cancelling), 2 wrong usage or not "
        + "valid, 3 server not reachable, 4 not allowed, 5 not found.";
}
