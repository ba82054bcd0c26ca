using System.Globalization;

namespace Saltern.Server.Fleet;

/// <summary>Identifies a master by its row; its settings know it by name.</summary>
internal readonly record struct MasterId(int Value)
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
