using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Builder;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;
using Saltern.Server.Web.Refusals;

namespace Saltern.Server.Web.Schedule;

/// <summary>/actions/new: the form that schedules an action.</summary>
internal static class SchedulePages
{
    private const string FirstKind = "state.apply";
    private const int MostGroups = 500;

    public static void Map(IEndpointRouteBuilder pages)
    {
        var policy = ConsoleAccess.PolicyFor(PermissionNames.Schedule);
        pages.MapGet("/actions/new", ShowAsync).RequireAuthorization(policy);
        pages.MapGet("/parts/fields", ShowFields).RequireAuthorization(policy);
        pages.MapOrder("/actions/new", PermissionNames.Schedule, ScheduleAsync);
    }

    private static Task<RazorComponentResult<SchedulePage>> ShowAsync(
        string? kind, string? minion, string? group, ActionKinds kinds, Groups groups, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string>
        {
            ["kind"] = kind is not null && kinds.Find(kind) is not null ? kind : FirstKind,
            ["way"] = minion is not null ? "minions" : group is not null ? "group" : "glob",
            ["target.minions"] = minion ?? "",
            ["target.group"] = group ?? "",
        };
        return PageAsync(new ScheduleForm { Values = values }, kinds, groups, user, cancellationToken);
    }

    private static RazorComponentResult<KindFields> ShowFields(string? kind) => new(new
    {
        Form = new ScheduleForm { Values = new Dictionary<string, string> { ["kind"] = kind ?? FirstKind } },
    });

    private static async Task<IResult> ScheduleAsync(
        HttpContext context, Scheduling scheduling, ActionKinds kinds, Groups groups, Notices notices,
        CancellationToken cancellationToken)
    {
        var form = ScheduleForm.From(await context.Request.ReadFormAsync(cancellationToken));
        if (kinds.Find(form.Kind)?.Permission is { } needed && !context.User.May(needed))
        {
            return PageRefusals.NotAllowed(
                $"The kind {form.Kind} needs the permission '{needed}', which your token lacks.");
        }

        var (order, errors) = FormReading.Read(form);
        if (order is not null)
        {
            switch (await scheduling.ScheduleAsync(order, context.User.Actor(), cancellationToken))
            {
                case ScheduleOutcome.Scheduled done:
                    notices.Leave(context, done.Targets == 0
                        ? "Scheduled. Its minions are found when it starts."
                        : $"Scheduled on {StatusText.Some(done.Targets, "minion")}.");
                    return TypedResults.LocalRedirect(
                        string.Create(CultureInfo.InvariantCulture, $"/actions/{done.Id.Value}"));
                case ScheduleOutcome.Refused refused:
                    errors = [.. refused.Errors
                        .Select(error => (PathOf(error.Argument), StatusText.Sentence(error.Message)))];
                    break;
            }
        }

        var page = await PageAsync(form with { Errors = errors }, kinds, groups, context.User, cancellationToken);
        page.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return page;
    }

    private static async Task<RazorComponentResult<SchedulePage>> PageAsync(
        ScheduleForm form, ActionKinds kinds, Groups groups, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        new(new
        {
            Form = form,
            Kinds = (IReadOnlyList<string>)
                [.. kinds.Names.Where(name => kinds.Find(name)!.Permission is not { } needed || user.May(needed))],
            Groups = (IReadOnlyList<string>)
                [.. (await groups.ListAsync("", MostGroups, cancellationToken)).Select(group => group.Name)],
        });

    /// <summary>The form has one field for both ways to write a batch.</summary>
    private static string PathOf(string argument) => argument == "batchPercent" ? "batchSize" : argument;
}
