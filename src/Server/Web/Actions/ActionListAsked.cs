using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Saltern.Server.Web.Actions;

/// <summary>What the list of actions was asked to show; every link of the page is this with one thing changed.</summary>
public sealed record ActionListAsked(string? Status, string? Kind, string? By, string? Archived, long? After)
{
    public bool IsFiltered => Status is not null || !string.IsNullOrEmpty(Kind) || !string.IsNullOrEmpty(By) || Archived is not null;

    public string Query => QueryString.Create(new Dictionary<string, string?>
    {
        ["status"] = Status,
        ["kind"] = Kind,
        ["by"] = By,
        ["archived"] = Archived,
        ["after"] = After?.ToString(CultureInfo.InvariantCulture),
    }.Where(pair => !string.IsNullOrEmpty(pair.Value))).ToString();
}
