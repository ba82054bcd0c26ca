using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;

namespace Saltern.Server.Api;

/// <summary>The query of <c>GET /api/v1/minions</c>.</summary>
internal sealed record MinionListQuery
{
    [FromQuery(Name = "id"), Description("How the id begins, or a pattern over it: web*.")]
    public string? Id { get; init; }

    [FromQuery(Name = "keyStatus"), Description("accepted, pending, rejected, denied or deleted.")]
    public string? KeyStatus { get; init; }

    [FromQuery(Name = "presence"), Description("present, absent or unknown.")]
    public string? Presence { get; init; }

    [FromQuery(Name = "os"), Description("The grain os.")]
    public string? Os { get; init; }

    [FromQuery(Name = "master"), Description("The master it was last seen on.")]
    public string? Master { get; init; }

    [FromQuery(Name = "domain"), Description("The key domain.")]
    public string? Domain { get; init; }

    [FromQuery(Name = "group"), Description("Only members of this group, by hand or by rule.")]
    public string? Group { get; init; }

    [FromQuery(Name = "grain"), Description("A grain and a pattern: os:SUSE.")]
    public string? Grain { get; init; }

    [FromQuery(Name = "conflicts"), Description("Only minions whose id is claimed by another key as well.")]
    public bool? Conflicts { get; init; }

    [FromQuery(Name = "after"), Description("'next' of the page before.")]
    public string? After { get; init; }

    [FromQuery(Name = "limit"), Description("How many on a page, 1 to 1000; 100 when left out.")]
    public int? Limit { get; init; }
}
