using System.Globalization;

namespace Saltern.Server.Actions;

/// <summary>Identifies one call handed to one master.</summary>
internal readonly record struct SubmissionId(long Value)
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
