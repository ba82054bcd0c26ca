using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>An installed extension and what it becomes; the same product where it runs on both.</summary>
internal sealed record ExtensionMove(Product From, Product To);
