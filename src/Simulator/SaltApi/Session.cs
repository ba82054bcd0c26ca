namespace Saltern.Simulator.SaltApi;

/// <summary>Someone who logged in, or who sent credentials along.</summary>
/// <param name="User">The name given.</param>
/// <param name="Eauth">The kind of eauth given.</param>
/// <param name="Token">The eauth token (64 hex digits), not the id of the session.</param>
/// <param name="Start">When it was made.</param>
/// <param name="Expire">When it ends.</param>
/// <param name="Listed">Whether external_auth lists the user; one that it does not list may log in and do
/// nothing.</param>
internal sealed record Session(
    string User, string Eauth, string Token, DateTimeOffset Start, DateTimeOffset Expire, bool Listed);
