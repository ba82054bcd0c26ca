namespace Saltern.Server.Actions.Kinds;

/// <summary>A package, and the version it is to have; the newest when none is given.</summary>
internal sealed record PackageToInstall(string Name, string? Version);
