using System.Globalization;
using System.IO.Enumeration;
using YamlDotNet.RepresentationModel;

namespace Saltern.Cli.Doctor;

/// <summary>
/// Looks at a master's settings key by key and says what is at risk. It knows the file only; whether the master was
/// restarted since, and whether it reaches the database, <c>saltern masters check</c> sees from outside.
/// </summary>
internal static class MasterDiagnosis
{
    private const string Ours = "saltern";

    private static readonly string[] Stock = ["pgjsonb", "postgres", "postgres_local_cache", "pgjson"];

    private static readonly string[] WantedEvents = ["salt/minion/*/start", "salt/job/*/new"];

    private static readonly string[] WantedRights = ["@wheel", "@runner"];

    public static IReadOnlyList<Finding> Of(MasterSettings settings) =>
    [
        JobCache(settings),
        .. Connection(settings),
        .. Events(settings),
        CleanUp(settings),
        MasterName(settings),
        Clients(settings),
        Rights(settings),
        .. Secret(settings),
        .. RequestSize(settings),
    ];

    private static Finding JobCache(MasterSettings settings) => settings.Text("master_job_cache") switch
    {
        Ours => new("master_job_cache", true, "Ours: returns wait on the master while PostgreSQL is away."),
        "pgjsonb" => new(
            "master_job_cache", false,
            "The stock pgjsonb works, with these risks: every return is lost for good while PostgreSQL is away, and so "
            + "is one that holds NaN, or runs several functions; jids.load has the master's key, tokens and passwords "
            + "in clear, and each return overwrites it; two connections a return. Set master_job_cache: saltern "
            + "(salt/returners)."),
        null => new(
            "master_job_cache", false,
            "Not set: the master keeps results in files of its own, where Saltern does not see them. Set "
            + "master_job_cache: saltern."),
        var other => new(
            "master_job_cache", false,
            $"'{other}' does not write into Saltern's tables: no result arrives. Set master_job_cache: saltern."),
    };

    private static IEnumerable<Finding> Connection(MasterSettings settings)
    {
        var cache = settings.Text("master_job_cache");
        if (cache is not (Ours or "pgjsonb"))
        {
            yield break;
        }

        // Ours takes the stock returner's where its own are not given.
        string? Given(string key) =>
            settings.Returner(cache, key) ?? (cache == Ours ? settings.Returner("pgjsonb", key) : null);
        foreach (var key in (string[])["host", "db", "user"])
        {
            if (Given(key) is null)
            {
                yield return new Finding(
                    $"returner.{cache}.{key}", false, "Not set; `saltern returner-role` prints the lines.");
            }
        }

        if (Given("user") is "postgres")
        {
            yield return new Finding(
                $"returner.{cache}.user", false,
                "The master may do anything to the database. `saltern returner-role` makes a role that may not.");
        }

        var here = Given("host") is null or "127.0.0.1" or "::1" or "localhost" || Given("host")!.StartsWith('/');
        if (!here && Given("sslmode") is not ("require" or "verify-ca" or "verify-full"))
        {
            yield return new Finding(
                $"returner.{cache}.sslmode", false,
                "Returns may cross the network in clear. Set it to verify-full, or require.");
        }

        if (cache == Ours && !settings.List("returner_dirs").Concat(settings.List("module_dirs")).Any())
        {
            yield return new Finding(
                "returner_dirs", false,
                "Not set: Salt finds the returner only where it was copied into its extension modules. Name the folder "
                + "of saltern.py.");
        }
    }

    private static IEnumerable<Finding> Events(MasterSettings settings)
    {
        var returners = settings.List("event_return");
        if (!returners.Any(name => name == Ours || Stock.Contains(name)))
        {
            yield return new Finding(
                "event_return", false,
                "Not set: starts of minions and announcements of jobs do not arrive. A minion that is back is then "
                + "seen late, and a call whose answer was lost has less evidence. Set event_return: [saltern].");
            yield break;
        }

        yield return returners.Contains(Ours)
            ? new Finding("event_return", true, "Events wait on the master while PostgreSQL is away.")
            : new Finding("event_return", false, "Through the stock returner events are lost while PostgreSQL is away. "
                + "Set event_return: [saltern].");
        var listed = settings.List("event_return_whitelist");
        var missing = WantedEvents
            .Where(tag => listed.Count > 0 && !listed.Any(pattern => Covers(pattern, tag))).ToList();
        yield return (listed.Count, missing.Count, listed.Any(pattern => Covers(pattern, "salt/job/1/ret/m1"))) switch
        {
            (0, _, _) => new Finding(
                "event_return_whitelist", false,
                "Not set: every return is stored a second time as an event. List salt/minion/*/start and "
                + "salt/job/*/new."),
            (_, > 0, _) => new Finding("event_return_whitelist", false, $"It lacks {string.Join(" and ", missing)}."),
            (_, _, true) => new Finding(
                "event_return_whitelist", false, "It lets returns through: each is stored a second time as an event."),
            _ => new Finding("event_return_whitelist", true, "Starts and announcements, and returns not twice."),
        };
    }

    private static Finding CleanUp(MasterSettings settings)
    {
        var (key, value) = settings.Text("keep_jobs_seconds") is { } seconds
            ? ("keep_jobs_seconds", seconds)
            : ("keep_jobs", settings.Text("keep_jobs"));
        if (value == "0" || settings.Text("master_job_cache") == Ours)
        {
            return new Finding("keep_jobs_seconds", true, "Nothing is removed by the master.");
        }

        return new Finding(
            "keep_jobs_seconds", false,
            (value is null ? "Not set, which is a day" : $"{key} is {value}")
            + ": the stock returner deletes older results, settled or not. (Saltern's role lets it delete nothing; a "
            + "role of your own may.) Set it to 0.");
    }

    private static Finding MasterName(MasterSettings settings) => settings.Text("master_id") is { } name
        ? new Finding("master_id", true, $"Returns name their master: {name}.")
        : new Finding("master_id", false, "Not set: returns do not name their master. Give it its name in Saltern.");

    private static Finding Clients(MasterSettings settings)
    {
        string[] needed = ["local_async", "runner", "wheel"];
        var missing = needed.Except(settings.List("netapi_enable_clients")).ToList();
        return missing.Count == 0
            ? new Finding("netapi_enable_clients", true, "salt-api takes jobs, runners and wheel calls.")
            : new Finding(
                "netapi_enable_clients", false,
                $"It lacks {string.Join(", ", missing)}: salt-api refuses such calls"
                + (missing.Contains("local_async") ? ", so that nothing can be handed out." : "."));
    }

    private static Finding Rights(MasterSettings settings)
    {
        var kinds = settings.Map("external_auth")?.Children.Values.OfType<YamlMappingNode>().ToList() ?? [];
        var rights = kinds.SelectMany(kind => kind.Children.Values).SelectMany(Scalars).ToList();
        if (rights.Count == 0)
        {
            return new Finding("external_auth", false, "Not set, or nobody has a right: every call is refused.");
        }

        var missing = WantedRights.Except(rights).ToList();
        return missing.Count == 0
            ? new Finding(
                "external_auth", true,
                rights.Contains(".*") ? "Users have rights; one of them has all of them (.*)." : "Users have rights.")
            : new Finding(
                "external_auth", false,
                $"No user has {string.Join(" and ", missing)}: " + (missing.Contains("@wheel")
                    ? "keys cannot be read, so that Saltern knows no minion."
                    : "running jobs cannot be asked for."));
    }

    private static IEnumerable<Finding> Secret(MasterSettings settings)
    {
        var used = settings.Map("external_auth")?.Children.ContainsKey(new YamlScalarNode("sharedsecret")) == true;
        var secret = settings.Text("sharedsecret");
        if (used && (secret is null || secret.Length < 16 || secret == "a long random text"))
        {
            yield return new Finding(
                "sharedsecret", false,
                secret is null
                    ? "external_auth uses it, and it is not set."
                    : "Too short, or an example: who guesses it runs anything on all minions.");
        }
    }

    private static IEnumerable<Finding> RequestSize(MasterSettings settings)
    {
        const int Largest = 4 * 1024 * 1024;
        if (settings.Map("rest_cherrypy") is not { } api)
        {
            yield return new Finding("rest_cherrypy", false, "Not set: salt-api has no door for Saltern.");
            yield break;
        }

        var size = api.Children.TryGetValue(new YamlScalarNode("max_request_body_size"), out var node)
            ? node as YamlScalarNode
            : null;
        if (!long.TryParse(size?.Value ?? "1048576", CultureInfo.InvariantCulture, out var bytes) || bytes < Largest)
        {
            yield return new Finding(
                "max_request_body_size", false,
                $"In rest_cherrypy, {size?.Value ?? "not set: 1048576"}: larger scripts are refused. Set {Largest}.");
        }
    }

    private static IEnumerable<string> Scalars(YamlNode node) => node switch
    {
        YamlScalarNode scalar => [scalar.Value ?? ""],
        YamlSequenceNode sequence => sequence.SelectMany(Scalars),
        YamlMappingNode mapping => mapping.Children.Keys.SelectMany(Scalars),
        _ => [],
    };

    /// <summary>As fnmatch does it in Salt, where a star covers slashes too.</summary>
    private static bool Covers(string pattern, string tag) =>
        FileSystemName.MatchesSimpleExpression(pattern, tag.Replace('*', 'x'), ignoreCase: false);
}
