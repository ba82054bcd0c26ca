namespace Saltern.Server.Tests.Gates;

internal sealed record SourceFunction(string Name, int Lines, int Depth);
