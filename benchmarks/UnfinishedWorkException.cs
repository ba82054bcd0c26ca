using System.Globalization;

namespace Saltern.Bench;

/// <summary>What was measured is not the work that was to be done: rows are missing, or too many.</summary>
internal sealed class UnfinishedWorkException(string message) : Exception(message)
{
    public static void Require(long wanted, long found, string what)
    {
        if (wanted != found)
        {
            throw new UnfinishedWorkException(
                string.Create(CultureInfo.InvariantCulture, $"{what}: {found} instead of {wanted}"));
        }
    }
}
