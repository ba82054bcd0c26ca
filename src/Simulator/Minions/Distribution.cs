namespace Saltern.Simulator.Minions;

/// <summary>One operating system as grains describe it, with the packages a fresh installation has.</summary>
internal sealed record Distribution(
    string Os,
    string Family,
    string Release,
    string FullName,
    string Kernel,
    string PythonVersion,
    IReadOnlyDictionary<string, string> Installed,
    IReadOnlyDictionary<string, string> Available)
{
    // A star marks what the repositories offer and a fresh system does not have.
    private static readonly string[] SuseNames =
    [
        "kernel-default", "glibc", "bash", "coreutils", "systemd", "openssl-3", "libopenssl3", "zypper", "libzypp",
        "rpm",
        "sudo", "openssh", "openssh-server", "curl", "libcurl4", "python3", "python311", "salt", "salt-minion", "vim",
        "less", "grep", "sed", "gawk", "tar", "gzip", "xz", "chrony", "rsyslog", "logrotate", "ca-certificates",
        "ca-certificates-mozilla", "permissions", "pam", "shadow", "util-linux", "e2fsprogs", "xfsprogs", "btrfsprogs",
        "grub2", "dracut", "firewalld", "wicked", "SUSEConnect", "suseconnect-ng", "timezone", "cron", "lsof", "procps",
        "iproute2", "iputils", "net-tools", "ethtool", "gpg2", "libgcrypt20", "dbus-1", "polkit", "audit",
        "supportutils",
        "*nginx", "*apache2", "*postgresql16-server", "*htop", "*tree", "*tmux", "*git", "*podman", "*nano", "*strace",
    ];

    private static readonly string[] DebianNames =
    [
        "linux-image-amd64", "libc6", "bash", "coreutils", "systemd", "openssl", "libssl3", "apt", "dpkg", "sudo",
        "openssh-server", "openssh-client", "curl", "libcurl4", "python3", "python3.11", "salt-common", "salt-minion",
        "vim-tiny", "less", "grep", "sed", "mawk", "tar", "gzip", "xz-utils", "chrony", "rsyslog", "logrotate",
        "ca-certificates", "libpam-modules", "login", "passwd", "util-linux", "e2fsprogs", "grub-pc", "initramfs-tools",
        "nftables", "ifupdown", "tzdata", "cron", "lsof", "procps", "iproute2", "iputils-ping", "gnupg", "dbus",
        "adduser",
        "*nginx", "*apache2", "*postgresql-15", "*htop", "*tree", "*tmux", "*git", "*podman", "*nano", "*strace",
    ];

    public bool IsSuse => Family == "Suse";

    /// <summary>What the fleet is made of; a minion's number says which it is.</summary>
    public static IReadOnlyList<Distribution> All { get; } =
    [
        Make("SLES", "Suse", "15.5", "SLES", "5.14.21-150500.55.83-default", "150500.6.3.1"),
        Make("Leap", "Suse", "15.6", "Leap", "6.4.0-150600.23.25-default", "150600.2.1"),
        Make("Debian", "Debian", "12", "Debian", "6.1.0-28-amd64", "+deb12u3"),
        Make("Ubuntu", "Debian", "22.04", "Ubuntu", "5.15.0-126-generic", "ubuntu0.22.04.4"),
        Make("SLES", "Suse", "15.4", "SLES", "5.14.21-150400.24.141-default", "150400.9.5.1"),
        Make("Ubuntu", "Debian", "24.04", "Ubuntu", "6.8.0-50-generic", "ubuntu0.24.04.1"),
    ];

    // Every second minion is SLES 15.5: what the fleets this is for look like.
    private static readonly int[] Deal = [0, 1, 0, 2, 0, 3, 4, 0, 1, 5];

    public static Distribution Of(int minion) => All[Deal[minion % Deal.Length]];

    private static Distribution Make(
        string os, string family, string release, string fullName, string kernel, string revision)
    {
        Dictionary<string, string> installed = new(StringComparer.Ordinal);
        Dictionary<string, string> available = new(StringComparer.Ordinal);
        string[] names = family == "Suse" ? SuseNames : DebianNames;
        for (int place = 0; place < names.Length; place++)
        {
            string name = names[place];
            string version = $"{1 + (place % 7)}.{place % 23}.{place % 5}-{revision}";
            if (name[0] == '*')
            {
                available[name[1..]] = version;
                continue;
            }

            installed[name] = version;
            available[name] = place % 4 == 0 ? $"{1 + (place % 7)}.{place % 23}.{(place % 5) + 1}-{revision}" : version;
        }

        return new Distribution(os, family, release, fullName, kernel, "3.11.2", installed, available);
    }
}
