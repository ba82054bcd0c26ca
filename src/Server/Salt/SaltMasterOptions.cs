using System.ComponentModel.DataAnnotations;

namespace Saltern.Server.Salt;

/// <summary>One Salt master: an entry of the settings' list `Masters`.</summary>
internal sealed class SaltMasterOptions
{
    /// <summary>Our name for the master, unique in the list: letters, digits, `.`, `_` and `-`.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where its salt-api listens, for example https://salt.example.org:8000/.</summary>
    public string Url { get; init; } = "";

    public string Username { get; init; } = "";

    /// <summary>
    /// How salt-api is to check the password. sharedsecret is the default because it needs no account on the master's
    /// system: a long secret in the master's settings, and a user that exists in external_auth alone.
    /// </summary>
    public string Eauth { get; init; } = "sharedsecret";

    /// <summary>A file whose text (but for line ends at its end) is the password. Read again at each login.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>The name of an environment variable that holds the password.</summary>
    public string? PasswordEnvironment { get; init; }

    /// <summary>
    /// The password itself; taken from environment variables (SALTERN__MASTERS__0__PASSWORD) and nowhere else.
    /// </summary>
    public string? Password { get; init; }

    /// <summary>
    /// Masters that share their minions' keys name the same domain; a minion is known by (domain, id).
    /// </summary>
    public string KeyDomain { get; init; } = "default";

    /// <summary>
    /// Where the master's returns are: <c>database</c> (a returner writes them into ours) or <c>runner</c> (any other
    /// job cache: they are fetched through salt-api, which is slower).
    /// </summary>
    public string JobCache { get; init; } = "database";

    /// <summary>PEM file with the certificates to trust for this master, instead of the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>Takes whatever certificate comes. The password then goes to anybody who can get in between.</summary>
    public bool InsecureSkipTlsVerification { get; init; }

    [Range(1, 60)]
    public int ConnectTimeoutSeconds { get; init; } = 5;

    [Range(1, 120)]
    public int LoginTimeoutSeconds { get; init; } = 10;

    /// <summary>The whole of a submission, logins included. The dispatcher's lease must be longer.</summary>
    [Range(1, 300)]
    public int SubmitTimeoutSeconds { get; init; } = 30;

    [Range(1, 600)]
    public int RunnerTimeoutSeconds { get; init; } = 60;

    /// <summary>How long the master itself goes on with a request (3 tries of its `timeout`, 5 s by default).</summary>
    [Range(1, 300)]
    public int MasterTimeoutSeconds { get; init; } = 15;

    /// <summary>Most targets that may be picked up and unanswered on this master at a time.</summary>
    [Range(1, 1_000_000)]
    public int MaxInFlight { get; init; } = 2_000;

    /// <summary>Most names in a submission; the master's time for it grows with the square.</summary>
    [Range(1, 10_000)]
    public int MaxNamesPerSubmission { get; init; } = 2_000;

    /// <summary>
    /// Largest request. salt-api takes `max_request_body_size`, which is 1048576 unless set higher there.
    /// </summary>
    [Range(65_536, 67_108_864)]
    public int MaxRequestBytes { get; init; } = 4_194_304;

    [Range(65_536, 1_073_741_824)]
    public int MaxResponseBytes { get; init; } = 67_108_864;

    public bool CollectsReturns => JobCache == "runner";

    public TimeSpan ConnectTimeout => TimeSpan.FromSeconds(ConnectTimeoutSeconds);

    public TimeSpan LoginTimeout => TimeSpan.FromSeconds(LoginTimeoutSeconds);

    public TimeSpan SubmitTimeout => TimeSpan.FromSeconds(SubmitTimeoutSeconds);

    public TimeSpan RunnerTimeout => TimeSpan.FromSeconds(RunnerTimeoutSeconds);

    public TimeSpan MasterTimeout => TimeSpan.FromSeconds(MasterTimeoutSeconds);
}
