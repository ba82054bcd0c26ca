namespace Saltern.Server.Channels.Import;

/// <summary>What a file of products looks like.</summary>
internal enum ImportFormat
{
    /// <summary>SUSE Customer Center's list of products (organizations/products/unscoped).</summary>
    Scc,

    /// <summary>SUSE Manager's product_tree.json.</summary>
    ProductTree,

    /// <summary>SUSE Manager's upgrade_paths.json.</summary>
    UpgradePaths,

    /// <summary>Our own, for everything else.</summary>
    Yaml,
}
