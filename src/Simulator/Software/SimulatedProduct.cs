namespace Saltern.Simulator.Software;

/// <summary>An installed product, as <c>pkg.list_products</c> tells it.</summary>
public sealed record SimulatedProduct(string Name, string Version, bool IsBase = false, string Arch = "x86_64");
