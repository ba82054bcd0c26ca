namespace Saltern.Server.Channels;

/// <summary>That a product has a channel when it is installed on a base product (the root).</summary>
internal sealed record ProductChannel(
    string ProductId, string RootId, string Label, bool Mandatory, bool Recommended);
