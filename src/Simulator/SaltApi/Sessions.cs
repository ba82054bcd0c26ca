using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.SaltApi;

/// <summary>
/// Who is logged in. Sessions live in salt-api's memory and go with it; eauth tokens live on the master and stay.
/// </summary>
internal sealed class Sessions(SimulatorOptions options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, Session> byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Session> byToken = new(StringComparer.Ordinal);

    /// <summary>
    /// Null if the credentials are wrong. The password goes in <c>password</c> for every kind of eauth.
    /// </summary>
    public Session? Authenticate(JsonObject credentials)
    {
        string user = Json.TextOf(credentials["username"]);
        string eauth = Json.TextOf(credentials["eauth"]);
        bool listed = user == options.User;
        bool right = options.Eauth.Contains(eauth) && Json.TextOf(credentials["password"]) == options.Password;
        if (!right || user.Length == 0 || (!listed && eauth != "sharedsecret"))
        {
            return null;
        }

        DateTimeOffset now = clock.GetUtcNow();
        Session session = new(user, eauth, Hex(32), now, now + options.TokenExpire, listed);
        byToken[session.Token] = session;
        return session;
    }

    /// <summary>Keeps the session under its old id if the caller sent one that is known.</summary>
    public string Open(Session session, string? formerId)
    {
        string id = formerId is not null && byId.ContainsKey(formerId) ? formerId : Hex(20);
        byId[id] = session;
        return id;
    }

    public Session? Find(string? id) => id is null ? null : byId.GetValueOrDefault(id);

    public Session? FindToken(string token) => byToken.GetValueOrDefault(token);

    public bool IsExpired(Session session) => session.Expire <= clock.GetUtcNow();

    public void Close(string id) => byId.TryRemove(id, out _);

    public void CloseAll() => byId.Clear();

    private static string Hex(int bytes) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(bytes));
}
