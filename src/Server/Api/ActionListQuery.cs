using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;

namespace Saltern.Server.Api;

/// <summary>The query of <c>GET /api/v1/actions</c>.</summary>
internal sealed record ActionListQuery
{
    [FromQuery(Name = "status"), Description("Only these statuses; may be given several times.")]
    public string[]? Status { get; init; }

    [FromQuery(Name = "kind"), Description("Only this kind.")]
    public string? Kind { get; init; }

    [FromQuery(Name = "createdBy"), Description("Only what this actor ordered.")]
    public string? CreatedBy { get; init; }

    [FromQuery(Name = "archived"), Description("false (the default), true or all.")]
    public string? Archived { get; init; }

    [FromQuery(Name = "from"), Description("Created at this time or later.")]
    public DateTimeOffset? From { get; init; }

    [FromQuery(Name = "to"), Description("Created before this time.")]
    public DateTimeOffset? To { get; init; }

    [FromQuery(Name = "after"), Description("'next' of the page before.")]
    public string? After { get; init; }

    [FromQuery(Name = "limit"), Description("How many on a page, 1 to 1000; 100 when left out.")]
    public int? Limit { get; init; }
}
