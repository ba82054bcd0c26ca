using System.Text.Json.Nodes;
using Saltern.Contract;
using Saltern.Server.Salt;

namespace Saltern.Server.Fleet;

/// <summary>
/// Looks at a master as we see it from outside, one right after the other, and says for each what to do if it is
/// missing. It changes nothing there and sends nothing to minions.
/// </summary>
internal static class MasterLook
{
    public static async Task<MasterCheck> AtAsync(ISaltApi api, CancellationToken cancellationToken)
    {
        List<MasterCheckLine> lines = [];
        var login = await api.ProbeAsync(cancellationToken);
        lines.Add(OfLogin(login));
        if (login is SaltAnswer<MasterProbe>.Given { Value.HasRights: true })
        {
            lines.Add(OfKeys(await api.KeysAsync(cancellationToken)));
            lines.Add(OfRunner(await api.RunnerAsync("jobs.active", new JsonObject(), cancellationToken)));
        }

        return new MasterCheck(api.Master, lines.All(line => line.Good), lines);
    }

    private static MasterCheckLine OfLogin(SaltAnswer<MasterProbe> login) => login switch
    {
        SaltAnswer<MasterProbe>.Given { Value.HasRights: true } given => new MasterCheckLine(
            "login", true, $"logged in within {given.Value.RoundTrip.TotalMilliseconds:0} ms"),
        SaltAnswer<MasterProbe>.Given => new MasterCheckLine(
            "external_auth", false, "The login works, but external_auth lists no right for this user: give it some."),
        SaltAnswer<MasterProbe>.Failed failed => new MasterCheckLine("login", false, failed.Reason),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };

    private static MasterCheckLine OfKeys(SaltAnswer<MinionKeys> keys) => keys switch
    {
        SaltAnswer<MinionKeys>.Given given => new MasterCheckLine(
            "wheel", true,
            $"{given.Value.Accepted.Count} keys accepted, {given.Value.Pending.Count} pending, "
            + $"{given.Value.Rejected.Count} rejected"),
        SaltAnswer<MinionKeys>.Failed failed => new MasterCheckLine(
            "wheel", false,
            $"{failed.Reason} (netapi_enable_clients must list 'wheel', and external_auth '@wheel': 'key.*')"),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };

    private static MasterCheckLine OfRunner(SaltAnswer<System.Text.Json.JsonElement> jobs) => jobs switch
    {
        SaltAnswer<System.Text.Json.JsonElement>.Given => new MasterCheckLine("runner", true, "jobs.active answers"),
        SaltAnswer<System.Text.Json.JsonElement>.Failed failed => new MasterCheckLine(
            "runner", false,
            $"{failed.Reason} (netapi_enable_clients must list 'runner', and external_auth '@runner': 'jobs.*')"),
        _ => throw new InvalidOperationException("An answer is given or failed."),
    };
}
