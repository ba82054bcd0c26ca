using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using Saltern.Server.Access;

namespace Saltern.Server.Web;

/// <summary>Has the framework keep the keys that seal our cookies where every node finds them.</summary>
internal sealed class KeysInDatabase(ConsoleKeys keys) : IConfigureOptions<KeyManagementOptions>
{
    public void Configure(KeyManagementOptions options) => options.XmlRepository = keys;
}
