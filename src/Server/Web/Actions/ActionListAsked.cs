using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Saltern.Server.Web.Actions;

/// <summary>What the list of actions was asked to show; each link of the page is this with one thing changed.</summary>
public sealed record ActionListAsked(string? Status, string? Kind, string? By, string? Archived, long? After)
{
    public bool IsFiltered => new[] { Status, Kind, By, Archived }.Any(text => !string.IsNullOrEmpty(text));

    public string Query => QueryString.Create(new Dictionary<string, string?>
    {
        ["status"] = Status,
        ["kind"] = Kind,
        ["by"] = By,
        ["archived"] = Archived,
        ["after"] = After?.ToString(CultureInfo.InvariantCulture),
    }.Where(pair => !string.IsNullOrEmpty(pair.Value))).ToString();
}
