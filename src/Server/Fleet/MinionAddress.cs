using System.Net;
using System.Net.Sockets;

namespace Saltern.Server.Fleet;

/// <summary>Addresses as Salt's grains ipv4 and ipv6 write them.</summary>
internal static class MinionAddress
{
    /// <summary>Null for what is no complete address; .NET alone would read <c>10</c> as 0.0.0.10.</summary>
    public static IPAddress? Parse(string text)
    {
        if (text.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(text, out var address))
        {
            return null;
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 || text.Count(c => c == '.') == 3 ? address : null;
    }
}
