using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Api;
using Saltern.Server.Fleet;

namespace Saltern.Server.Web.MinionGroups;

/// <summary>/groups/new and /groups/{id}/edit: the form in which a group gets its name and its rule.</summary>
internal static class GroupFormPages
{
    public static void Map(IEndpointRouteBuilder pages)
    {
        var policy = ConsoleAccess.PolicyFor(PermissionNames.Schedule);
        pages.MapGet("/groups/new", () => PageOf(new GroupForm(), null)).RequireAuthorization(policy);
        pages.MapGet("/groups/{id:long}/edit", ShowAsync).RequireAuthorization(policy);
        pages.MapOrder("/groups/new", PermissionNames.Schedule, CreateAsync);
        pages.MapOrder("/groups/{id:long}/edit", PermissionNames.Schedule, ChangeAsync);
    }

    private static async Task<IResult> ShowAsync(long id, Groups groups, CancellationToken cancellationToken) =>
        await groups.FindAsync(new GroupId(id), cancellationToken) is { } group
            ? PageOf(GroupForm.Of(FleetViews.SummaryOf(group)), id)
            : GroupPages.NoGroup();

    private static async Task<IResult> CreateAsync(
        Groups groups, MinionNames names, Notices notices, HttpContext context,
        CancellationToken cancellationToken)
    {
        var form = GroupForm.From(await context.Request.ReadFormAsync(cancellationToken));
        IReadOnlyCollection<MinionKey> members = [];
        if (!form.ByRule)
        {
            (members, var problems) = await GroupMembers.ReadAsync(
                form.Minions, form.Domain, names, cancellationToken);
            if (problems.Count > 0)
            {
                return PageOf(form with { Errors = [.. problems.Select(one => ("minions", one))] }, null);
            }
        }

        var outcome = await groups.CreateAsync(form.Name, form.RuleToKeep, context.User.Actor(), cancellationToken);
        if (outcome is GroupOutcome.Done done)
        {
            await groups.SetMembersAsync(done.Group, members, cancellationToken);
        }

        return Answer(outcome, form, null, "The group is made.", notices, context);
    }

    private static async Task<IResult> ChangeAsync(
        long id, Groups groups, Notices notices, HttpContext context, CancellationToken cancellationToken)
    {
        var form = GroupForm.From(await context.Request.ReadFormAsync(cancellationToken));
        var outcome = await groups.UpdateAsync(
            new GroupId(id), form.Name, form.RuleToKeep, context.User.Actor(), cancellationToken);
        return Answer(outcome, form, id, "The group is changed.", notices, context);
    }

    private static IResult Answer(
        GroupOutcome outcome, GroupForm form, long? id, string sentence, Notices notices, HttpContext context)
    {
        switch (outcome)
        {
            case GroupOutcome.Done done:
                notices.Leave(context, sentence);
                return GroupPages.BackTo(done.Group.Value);
            case GroupOutcome.Refused refused:
                return PageOf(
                    form with { Errors = [(refused.Argument, StatusText.Sentence(refused.Message))] }, id);
            default:
                return GroupPages.NoGroup();
        }
    }

    private static RazorComponentResult<GroupFormPage> PageOf(GroupForm form, long? id) =>
        new(new Dictionary<string, object?>
        {
            [nameof(GroupFormPage.Form)] = form,
            [nameof(GroupFormPage.Id)] = id,
        })
        {
            StatusCode = form.Errors.Count > 0 ? StatusCodes.Status422UnprocessableEntity : null,
        };
}
