using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Saltern.Server.Web.Minions;

/// <summary>What the list of minions was asked to show.</summary>
public sealed record MinionListAsked
{
    [FromQuery(Name = "id")]
    public string? Id { get; init; }

    [FromQuery(Name = "key")]
    public string? Key { get; init; }

    [FromQuery(Name = "presence")]
    public string? Presence { get; init; }

    [FromQuery(Name = "grain")]
    public string? Grain { get; init; }

    [FromQuery(Name = "conflicts")]
    public string? Conflicts { get; init; }

    [FromQuery(Name = "after")]
    public string? After { get; init; }

    [FromQuery(Name = "afterKey")]
    public long? AfterKey { get; init; }

    public bool IsFiltered => new[] { Id, Key, Presence, Grain, Conflicts }.Any(text => !string.IsNullOrEmpty(text));

    public string Address => "/minions" + Query;

    public string Query => QueryString.Create(new Dictionary<string, string?>
    {
        ["id"] = Id,
        ["key"] = Key,
        ["presence"] = Presence,
        ["grain"] = Grain,
        ["conflicts"] = Conflicts,
        ["after"] = After,
        ["afterKey"] = AfterKey?.ToString(CultureInfo.InvariantCulture),
    }.Where(pair => !string.IsNullOrEmpty(pair.Value))).ToString();
}
