using System.Globalization;

namespace Saltern.Server.Actions;

/// <summary>Identifies a scheduled action.</summary>
internal readonly record struct ActionId(long Value)
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
