using System.Globalization;

namespace Saltern.Server.Fleet;

/// <summary>Identifies a group of minions.</summary>
internal readonly record struct GroupId(long Value)
{
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
