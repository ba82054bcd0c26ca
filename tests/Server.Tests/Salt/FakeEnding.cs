namespace Saltern.Server.Tests.Salt;

/// <summary>What the fake salt-api does to a connection after a reply.</summary>
internal enum FakeEnding
{
    KeepOpen,
    Close,
    Reset,
    Hang,

    /// <summary>Sends more and more of the body until the other side goes.</summary>
    Endless,
}
