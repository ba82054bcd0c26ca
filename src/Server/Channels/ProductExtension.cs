namespace Saltern.Server.Channels;

/// <summary>A product that can be installed on a base product (the root), as an extension of a parent.</summary>
internal sealed record ProductExtension(string ProductId, string RootId, string ParentId, bool Recommended);
