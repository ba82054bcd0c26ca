using System.Globalization;

namespace Saltern.Server.Fleet;

/// <summary>Our own key of a minion; Salt's minion id is unique only within a key domain.</summary>
internal readonly record struct MinionKey(long Value)
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
