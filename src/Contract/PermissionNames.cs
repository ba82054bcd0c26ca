namespace Saltern.Contract;

/// <summary>
/// What a token may be allowed to do. A token has any number of these; <see cref="Admin"/> includes all.
/// </summary>
public static class PermissionNames
{
    /// <summary>See everything: actions, results, minions, groups, masters.</summary>
    public const string Read = "read";

    /// <summary>
    /// Schedule, cancel, reschedule, archive and delete actions; write groups. The kind <c>script.run</c> is one of
    /// those actions and runs as root: who may schedule is root on every minion.
    /// </summary>
    public const string Schedule = "schedule";

    /// <summary>
    /// Schedule the kind <c>salt.call</c>, which runs any function of Salt (needs <see cref="Schedule"/> too).
    /// </summary>
    public const string SaltCall = "salt.call";

    /// <summary>Accept, reject and delete keys of minions.</summary>
    public const string Keys = "keys";

    /// <summary>Everything, and what concerns the server itself: pause and resume dispatch and masters.</summary>
    public const string Admin = "admin";

    /// <summary>All of them, in the order in which they are shown.</summary>
    public static IReadOnlyList<string> All { get; } = [Read, Schedule, SaltCall, Keys, Admin];
}
