namespace Saltern.Server.Fleet;

/// <summary>
/// A grain target such as <c>systemd:version:25*</c>. Salt does not say where the name ends and the pattern begins:
/// both <c>systemd</c> with <c>version:25*</c> and <c>systemd:version</c> with <c>25*</c> are tried, so the parts are
/// kept.
/// </summary>
internal sealed record GrainPath(IReadOnlyList<string> Parts, char Delimiter)
{
    /// <summary>Null when there is no name before the delimiter, or no delimiter.</summary>
    public static GrainPath? Parse(string text, char delimiter = ':')
    {
        var parts = text.Split(delimiter);
        return parts.Length < 2 || parts[0].Length == 0 ? null : new GrainPath(parts, delimiter);
    }

    /// <summary>
    /// For each number of leading parts that name a grain, 1 to all but one: the pattern that is left.
    /// </summary>
    public IReadOnlyList<string> Rests() =>
        [.. Enumerable.Range(1, Parts.Count - 1).Select(taken => string.Join(Delimiter, Parts.Skip(taken)))];

    public bool Equals(GrainPath? other) =>
        other is not null && Delimiter == other.Delimiter && Parts.SequenceEqual(other.Parts);

    public override int GetHashCode() => HashCode.Combine(Delimiter, Parts.Count, Parts[0]);

    public override string ToString() => string.Join(Delimiter, Parts);
}
