using Saltern.Server.Channels;

namespace Saltern.Server.ServicePacks;

/// <summary>An installed extension and what it becomes; the same product where one runs on both base products.</summary>
internal sealed record ExtensionMove(Product From, Product To);
