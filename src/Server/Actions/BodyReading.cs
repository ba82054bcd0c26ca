namespace Saltern.Server.Actions;

/// <summary>
/// For which returns a kind has to open the body to know how they went. Opening is what costs when settling, so a kind
/// asks for as little as the truth needs. The words, in lower case, are a check in the schema.
/// </summary>
internal enum BodyReading
{
    /// <summary>The return code tells all.</summary>
    Never,

    /// <summary>A return code of 0 is the truth; the reason of a failure is in the body.</summary>
    Failed,

    /// <summary>A return code of 0 may be a failure all the same (a script that ran into its time-out).</summary>
    Always,
}
