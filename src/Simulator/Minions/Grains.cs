using System.Globalization;
using System.Text.Json.Nodes;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.Minions;

/// <summary>
/// A minion's grains, made from its number when asked for: 100,000 sets of two kilobytes are not worth their memory.
/// </summary>
internal static class Grains
{
    public static JsonObject Of(Fleet fleet, int minion)
    {
        string id = fleet.IdOf(minion);
        string host = id.Split('.')[0];
        Distribution os = Distribution.Of(minion);
        string address = AddressOf(minion);
        string release = fleet.SoftwareOf(minion).Products.FirstOrDefault(one => one.IsBase)?.Version ?? os.Release;
        return new JsonObject
        {
            ["id"] = id,
            ["host"] = host,
            ["nodename"] = host,
            ["domain"] = "example.org",
            ["fqdn"] = id.Contains('.', StringComparison.Ordinal) ? id : id + ".example.org",
            ["os"] = os.Os,
            ["os_family"] = os.Family,
            ["osfullname"] = os.FullName,
            ["osrelease"] = release,
            ["osmajorrelease"] = NumberOf(release.Split('.')[0]),
            ["osrelease_info"] = new JsonArray([.. release.Split('.').Select(NumberOf)]),
            ["oscodename"] = $"{os.FullName} {release}",
            ["osfinger"] = $"{os.FullName}-{release}",
            ["kernel"] = "Linux",
            ["kernelrelease"] = os.Kernel,
            ["kernelversion"] = "#1 SMP PREEMPT_DYNAMIC",
            ["cpuarch"] = "x86_64",
            ["osarch"] = os.IsSuse ? "x86_64" : "amd64",
            ["cpu_model"] = "AMD EPYC 7763 64-Core Processor",
            ["num_cpus"] = 2 << (int)(Dice.Mix(fleet.Seed, (ulong)minion, 3, 1) % 4),
            ["mem_total"] = 1963 << (int)(Dice.Mix(fleet.Seed, (ulong)minion, 3, 2) % 5),
            ["swap_total"] = 2047,
            ["virtual"] = minion % 5 == 4 ? "physical" : "kvm",
            ["machine_id"] = MachineIdOf(fleet, minion),
            ["ipv4"] = new JsonArray("127.0.0.1", address),
            ["ipv6"] = new JsonArray("::1", LinkLocalOf(minion)),
            ["fqdn_ip4"] = new JsonArray(address),
            ["ip4_interfaces"] = new JsonObject
            {
                ["lo"] = new JsonArray("127.0.0.1"),
                ["eth0"] = new JsonArray(address),
            },
            ["ip_interfaces"] = new JsonObject
            {
                ["lo"] = new JsonArray("127.0.0.1", "::1"),
                ["eth0"] = new JsonArray(address, LinkLocalOf(minion)),
            },
            ["hwaddr_interfaces"] = new JsonObject
            {
                ["lo"] = "00:00:00:00:00:00",
                ["eth0"] = HardwareAddressOf(minion),
            },
            ["dns"] = new JsonObject { ["nameservers"] = new JsonArray("10.0.0.53"), ["search"] = new JsonArray() },
            ["init"] = "systemd",
            ["shell"] = "/bin/sh",
            ["master"] = "master",
            ["path"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["ps"] = "ps -efHww",
            ["pythonexecutable"] = "/usr/bin/python3",
            ["pythonversion"] = new JsonArray(3, 11, 2, "final", 0),
            ["saltversion"] = "3006.0",
            ["saltversioninfo"] = new JsonArray(3006, 0),
            ["saltpath"] = "/usr/lib/python3/dist-packages/salt",
            ["server_id"] = (int)(Dice.Of(id) & 0x7FFFFFFF),
            ["zmqversion"] = "4.3.4",
        };
    }

    /// <summary>One grain; <c>a:b</c> reaches into nested ones. Null if there is none.</summary>
    public static JsonNode? Find(JsonObject grains, string key, char separator = ':')
    {
        JsonNode? node = grains;
        foreach (string part in key.Split(separator))
        {
            node = node switch
            {
                JsonObject inner => inner[part],
                JsonArray list when int.TryParse(part, out int place) && place < list.Count => list[place],
                _ => null,
            };
        }

        return node;
    }

    private static JsonNode NumberOf(string part) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : part;

    private static string AddressOf(int minion) =>
        $"10.{(minion >> 16) & 255}.{(minion >> 8) & 255}.{minion & 255}";

    private static string LinkLocalOf(int minion) => $"fe80::5054:ff:fe{(minion >> 16) & 255:x2}:{minion & 0xFFFF:x4}";

    private static string HardwareAddressOf(int minion) =>
        $"52:54:00:{(minion >> 16) & 255:x2}:{(minion >> 8) & 255:x2}:{minion & 255:x2}";

    private static string MachineIdOf(Fleet fleet, int minion) =>
        $"{Dice.Mix(fleet.Seed, (ulong)minion, 5, 1):x16}{Dice.Mix(fleet.Seed, (ulong)minion, 5, 2):x16}";
}
