using Saltern.Server.Fleet;
using Saltern.Server.Web.Schedule;

namespace Saltern.Server.Web.MinionGroups;

/// <summary>The minions that somebody wrote into a form, by their ids.</summary>
internal static class GroupMembers
{
    /// <summary>Their keys, or what is wrong with the ids.</summary>
    public static async Task<(IReadOnlyCollection<MinionKey> Members, IReadOnlyList<string> Problems)> ReadAsync(
        string text, string domain, MinionNames names, CancellationToken cancellationToken)
    {
        var ids = FormReading.Words(text);
        if (ids.Length > Groups.MostMembersAtOnce)
        {
            return ([], [$"{ids.Length} are too many at once; up to {Groups.MostMembersAtOnce}, or use a rule."]);
        }

        var named = await names.FindAsync(ids, domain.Length > 0 ? domain : null, cancellationToken);
        return ([.. named.Found.Values], named.Problems);
    }
}
