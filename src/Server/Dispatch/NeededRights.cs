using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>What external_auth must list for our user, and what for. Pure.</summary>
internal static class NeededRights
{
    /// <summary>Without these fleets are not known and what is lost cannot be found.</summary>
    public static IReadOnlyList<string> Always { get; } =
    [
        "test.ping", "saltutil.find_job", "saltutil.find_cached_job", "saltutil.term_job", "saltutil.kill_job",
        "@wheel key.list_all", "@wheel key.finger", "@runner jobs.active",
    ];

    /// <summary>Also needed where the job cache is not our database.</summary>
    public const string OtherJobCache = "@runner jobs.list_job";

    /// <summary>Each of a kind of action, or an order about keys; may be left out on purpose.</summary>
    public static IReadOnlyList<string> OfKinds { get; } =
    [
        "grains.items", "state.apply", "cmd.exec_code_all", "pkg.install", "pkg.remove", "pkg.refresh_db",
        "pkg.upgrade", "state.template_str", "system.reboot", "file.read", "pkg.list_products", "pkg.list_repos",
        "saltern_zypper.run_result", "saltern_zypper.changed_since", "saltern_zypper.fetch_test_case",
        "saltern_zypper.rollback",
        "@wheel key.accept", "@wheel key.reject", "@wheel key.delete",
    ];

    public static IReadOnlyList<string> Missing(MasterRights rights, IEnumerable<string> functions) =>
        [.. functions.Where(function => !rights.Allows(function))];
}
