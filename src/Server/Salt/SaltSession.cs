using Microsoft.Extensions.Logging;

namespace Saltern.Server.Salt;

/// <summary>
/// The login that all calls to one master share. Salt forgets logins when it pleases (expiry, restart), which shows
/// as a 401; then all calls that met it wait for one new login. The login runs under its own time-out and not under
/// that of whoever asked first, because others wait for it too.
/// </summary>
internal sealed partial class SaltSession(
    SaltMasterOptions options, SaltTransport transport, TimeProvider clock, ILogger logger)
{
    private readonly Lock gate = new();
    private SaltLogin? current;
    private Task<SaltAnswer<SaltLogin>>? underway;

    /// <summary>The login at hand, or a new one.</summary>
    public Task<SaltAnswer<SaltLogin>> CurrentAsync(SaltDeadline deadline) => GetAsync(stale: null, deadline);

    /// <summary>A login other than this one, which the master no longer takes.</summary>
    public Task<SaltAnswer<SaltLogin>> RenewAsync(SaltLogin? stale, SaltDeadline deadline) => GetAsync(stale, deadline);

    /// <summary>A login made now, whatever is at hand.</summary>
    public Task<SaltAnswer<SaltLogin>> LoginAsync(SaltDeadline deadline) => GetAsync(current, deadline);

    private async Task<SaltAnswer<SaltLogin>> GetAsync(SaltLogin? stale, SaltDeadline deadline)
    {
        Task<SaltAnswer<SaltLogin>> login;
        lock (gate)
        {
            if (current is not null && !ReferenceEquals(current, stale))
            {
                return new SaltAnswer<SaltLogin>.Given(current);
            }
            login = underway ??= RunAsync();
        }
        try
        {
            return await login.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!deadline.Caller.IsCancellationRequested)
        {
            return new SaltAnswer<SaltLogin>.Failed(
                SaltFailure.NoAnswer, $"No login within {deadline.Time.TotalSeconds:0.###} s.");
        }
    }

    private async Task<SaltAnswer<SaltLogin>> RunAsync()
    {
        // Whoever started this holds the gate; the request must not begin in there.
        await Task.Yield();
        SaltAnswer<SaltLogin>? answer = null;
        try
        {
            answer = await AskAsync();
            return answer;
        }
        finally
        {
            lock (gate)
            {
                current = (answer as SaltAnswer<SaltLogin>.Given)?.Value ?? current;
                underway = null;
            }
        }
    }

    private async Task<SaltAnswer<SaltLogin>> AskAsync()
    {
        if (!MasterPassword.TryRead(options, out var password, out var problem))
        {
            return Told(new SaltAnswer<SaltLogin>.Failed(SaltFailure.NotAllowed, $"No password: {problem}."));
        }
        using var deadline = new SaltDeadline(clock, options.LoginTimeout, CancellationToken.None);
        // With the old token salt-api takes up its old session, where it would otherwise keep both until they expire.
        var exchange = await transport.PostAsync(
            "login", SaltRequest.Login(options, password), current?.Token, deadline);
        return Told(CallReading.OfLogin(exchange));
    }

    private SaltAnswer<SaltLogin> Told(SaltAnswer<SaltLogin> answer)
    {
        if (answer is SaltAnswer<SaltLogin>.Failed failed)
        {
            LogLoginFailed(logger, options.Name, failed.Cause, failed.Reason);
            return new SaltAnswer<SaltLogin>.Failed(failed.Cause, $"Login failed: {failed.Reason}");
        }
        LogLoggedIn(logger, options.Name);
        return answer;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Logged in to master {Master}")]
    private static partial void LogLoggedIn(ILogger logger, string master);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Login to master {Master} failed ({Cause}): {Reason}")]
    private static partial void LogLoginFailed(ILogger logger, string master, SaltFailure cause, string reason);
}
