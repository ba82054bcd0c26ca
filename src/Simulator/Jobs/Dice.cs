namespace Saltern.Simulator.Jobs;

/// <summary>
/// Chance that depends on names, not on order: the same seed and the same values give the same draw, however many
/// threads drew before. That is what makes a seeded run repeat although requests and returns race each other.
/// </summary>
internal static class Dice
{
    public static ulong Mix(ulong seed, ulong a, ulong b, ulong c)
    {
        ulong hash = Scramble(seed + 0x9E3779B97F4A7C15UL);
        hash = Scramble(hash ^ (a * 0xBF58476D1CE4E5B9UL));
        hash = Scramble(hash ^ (b * 0x94D049BB133111EBUL));
        return Scramble(hash ^ (c * 0xD6E8FEB86659FD93UL));
    }

    /// <summary>At least 0 and less than 1.</summary>
    public static double Fraction(ulong seed, ulong a, ulong b, ulong c) =>
        (Mix(seed, a, b, c) >> 11) * (1.0 / (1UL << 53));

    public static ulong Of(string text)
    {
        ulong hash = 14695981039346656037UL;
        foreach (char letter in text)
        {
            hash = (hash ^ letter) * 1099511628211UL;
        }

        return hash;
    }

    private static ulong Scramble(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
