namespace Saltern.Server.Database;

/// <summary>What an earlier saltern left behind in the data folder.</summary>
internal enum LeftOver
{
    Nothing,

    /// <summary>A live server on the socket and port we expect: it can be taken over.</summary>
    Running,

    /// <summary>A live server, but the folder or the port was changed since: it has to be started again.</summary>
    RunningElsewhere,
}
