using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Saltern.Server.Api;

/// <summary>Which page of a list someone asks for.</summary>
internal static class Paging
{
    public const int DefaultLimit = 100;

    public const int MaxLimit = 1_000;

    /// <summary>For lists whose cursor is a number.</summary>
    public static bool TryRead(
        string? after, int? limit, out long? cursor, out int size, [NotNullWhen(false)] out ProblemHttpResult? problem)
    {
        cursor = null;
        if (!TryReadLimit(limit, out size, out problem))
        {
            return false;
        }

        if (after is null)
        {
            return true;
        }

        if (!long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            problem = Problems.Invalid("after", $"'{after}' is not what 'next' of an earlier page said.");
            return false;
        }

        cursor = number;
        return true;
    }

    public static bool TryReadLimit(int? limit, out int size, [NotNullWhen(false)] out ProblemHttpResult? problem)
    {
        size = limit ?? DefaultLimit;
        problem = size is >= 1 and <= MaxLimit
            ? null
            : Problems.Invalid("limit", $"{size} is not allowed; a page has 1 to {MaxLimit} entries.");
        return problem is null;
    }
}
