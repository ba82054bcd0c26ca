using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;

namespace Saltern.Server.Salt;

/// <summary>
/// salt-api over HTTP. A request is sent again in one case only: the master answered 401, which it does before it
/// acts, and a new login was to be had. Everything else is told to the caller as it was.
/// </summary>
internal sealed class SaltApi : ISaltApi
{
    private readonly SaltMasterOptions options;
    private readonly TimeProvider clock;
    private readonly SaltTransport transport;
    private readonly SaltSession session;

    public SaltApi(
        SaltMasterOptions options, IHttpClientFactory clients, TimeProvider clock, ILogger<SaltApi> logger)
    {
        this.options = options;
        this.clock = clock;
        transport = new SaltTransport(options, clients);
        session = new SaltSession(options, transport, clock, logger);
    }

    public string Master => options.Name;

    public async Task<SubmitOutcome> SubmitAsync(
        SaltCall call, IReadOnlyList<MinionId> minions, Jid jid, SaltMetadata metadata,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(minions.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minions.Count, options.MaxNamesPerSubmission);
        ArgumentException.ThrowIfNullOrEmpty(jid.Value, nameof(jid));
        var body = SaltRequest.Submission(call, minions, jid, metadata);
        if (body.Length > options.MaxRequestBytes)
        {
            return new SubmitOutcome.Refused(
                $"The call takes {body.Length} bytes; master {Master} is given {options.MaxRequestBytes} at most "
                + "(MaxRequestBytes).");
        }
        using var deadline = new SaltDeadline(clock, options.SubmitTimeout, cancellationToken);
        return SubmitReading.Of(await CallAsync(body, deadline), minions, jid);
    }

    public async Task<SaltAnswer<JsonElement>> RunnerAsync(
        string function, JsonObject kwargs, CancellationToken cancellationToken)
    {
        using var deadline = new SaltDeadline(clock, options.RunnerTimeout, cancellationToken);
        return CallReading.OfRunner(await CallAsync(SaltRequest.Runner(function, kwargs), deadline));
    }

    public async Task<SaltAnswer<JsonElement>> WheelAsync(
        string function, JsonObject kwargs, CancellationToken cancellationToken)
    {
        using var deadline = new SaltDeadline(clock, options.RunnerTimeout, cancellationToken);
        return CallReading.OfWheel(await CallAsync(SaltRequest.Wheel(function, kwargs), deadline));
    }

    public async Task<SaltAnswer<MinionKeys>> KeysAsync(CancellationToken cancellationToken)
    {
        var names = await WheelAsync("key.list_all", [], cancellationToken);
        if (names is not SaltAnswer<JsonElement>.Given { Value: var listed })
        {
            return names.Then(KeyReading.Unexpected);
        }
        var fingers = await WheelAsync("key.finger", new JsonObject { ["match"] = "*" }, cancellationToken);
        return fingers.Then(fingerprints => KeyReading.OfLists(listed, fingerprints));
    }

    public async Task<SaltAnswer<MinionId>> AcceptKeyAsync(MinionId minion, CancellationToken cancellationToken)
    {
        var answer = await WheelAsync(
            "key.accept", KeyReading.Match(minion, ("include_rejected", true)), cancellationToken);
        return answer.Then(states => KeyReading.OfMove(states, minion, KeyReading.Accepted));
    }

    public async Task<SaltAnswer<MinionId>> RejectKeyAsync(MinionId minion, CancellationToken cancellationToken)
    {
        var answer = await WheelAsync(
            "key.reject", KeyReading.Match(minion, ("include_accepted", true)), cancellationToken);
        return answer.Then(states => KeyReading.OfMove(states, minion, KeyReading.Rejected));
    }

    public async Task<SaltAnswer<MinionId>> DeleteKeyAsync(MinionId minion, CancellationToken cancellationToken)
    {
        var answer = await WheelAsync("key.delete", KeyReading.Match(minion), cancellationToken);
        return answer.Then(states => KeyReading.OfMove(states, minion, expected: null));
    }

    public async Task<SaltAnswer<MasterProbe>> ProbeAsync(CancellationToken cancellationToken)
    {
        using var deadline = new SaltDeadline(clock, options.LoginTimeout, cancellationToken);
        var begun = clock.GetTimestamp();
        var answer = await session.LoginAsync(deadline);
        return answer.Then<MasterProbe>(login => new SaltAnswer<MasterProbe>.Given(
            new MasterProbe(clock.GetElapsedTime(begun), login.ExpiresAt, login.HasRights) { Rights = login.Rights }));
    }

    private async Task<SaltExchange> CallAsync(byte[] body, SaltDeadline deadline)
    {
        var answer = await session.CurrentAsync(deadline);
        if (answer is not SaltAnswer<SaltLogin>.Given { Value: var login })
        {
            return NotLoggedIn(answer);
        }
        var exchange = await transport.PostAsync("", body, login.Token, deadline);
        if (exchange is not SaltExchange.Answered { Status: 401 })
        {
            return exchange;
        }
        answer = await session.RenewAsync(login, deadline);
        return answer is SaltAnswer<SaltLogin>.Given { Value: var renewed }
            ? OfFreshLogin(renewed, await transport.PostAsync("", body, renewed.Token, deadline))
            : NotLoggedIn(answer);
    }

    // A user without any right is a master that is not set up, and worth waiting for. A user with rights who may not
    // make this one call is told so at once: trying it again for a day would only fill the master's log.
    private SaltExchange OfFreshLogin(SaltLogin login, SaltExchange exchange) =>
        login.HasRights && exchange is SaltExchange.Answered { Status: 401 } answer
            && SaltErrorText.IsAboutRights(answer.Body)
            ? new SaltExchange.NotPermitted(
                $"external_auth does not let the user {options.Username} make this call "
                + $"({SaltErrorText.Of(answer.Status, answer.Body)})")
            : exchange;

    private static SaltExchange.NotSent NotLoggedIn(SaltAnswer<SaltLogin> answer)
    {
        var failed = (SaltAnswer<SaltLogin>.Failed)answer;
        return new SaltExchange.NotSent(failed.Cause, failed.Reason);
    }
}
