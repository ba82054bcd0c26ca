using System.Globalization;
using Saltern.Contract;

namespace Saltern.Server.Web.Actions;

/// <summary>An action with the page of its targets that was asked for.</summary>
public sealed record ActionShown
{
    public required ActionDetail Detail { get; init; }

    /// <summary>Only targets with this status; all when null.</summary>
    public string? Status { get; init; }

    public long? After { get; init; }

    public required Page<TargetSummary> Targets { get; init; }

    /// <summary>Whether whoever looks may give orders on it.</summary>
    public required bool MayOrder { get; init; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"/actions/{Detail.Summary.Id}");

    public string Query => QueryFor(Status, After?.ToString(CultureInfo.InvariantCulture));

    public static string QueryFor(string? status, string? after)
    {
        var parts = new List<string>();
        if (status is not null)
        {
            parts.Add($"status={Uri.EscapeDataString(status)}");
        }

        if (after is not null)
        {
            parts.Add($"after={Uri.EscapeDataString(after)}");
        }

        return parts.Count == 0 ? "" : $"?{string.Join('&', parts)}";
    }
}
