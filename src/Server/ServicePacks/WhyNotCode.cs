namespace Saltern.Server.ServicePacks;

/// <summary>The reasons, for programs to tell apart.</summary>
internal enum WhyNotCode
{
    /// <summary>The minion never told its products.</summary>
    ProductsNeverRead,

    /// <summary>None of its products is a base product.</summary>
    NoBaseProduct,

    /// <summary>Its base product is in no list that was imported.</summary>
    BaseProductUnknown,

    NoSuccessor,

    /// <summary>There are successors, all of them for an upgrade from an installation medium.</summary>
    OnlyOffline,

    /// <summary>There are successors, none of them released.</summary>
    NotReleased,

    /// <summary>An installed extension cannot come along; it may be removed if that is asked for.</summary>
    ExtensionWithoutSuccessor,

    /// <summary>An extension needs another product that is not among the target's.</summary>
    ProductNeeded,

    /// <summary>No channel of a product of the target is known.</summary>
    NoChannels,

    /// <summary>A mandatory channel is described by no source.</summary>
    ChannelMissing,

    /// <summary>The minion has clones, and a mandatory channel has none in that family.</summary>
    CloneMissing,

    /// <summary>A mandatory channel did not answer when it was last checked.</summary>
    ChannelUnreachable,
}
