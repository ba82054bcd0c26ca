namespace Saltern.Simulation;

/// <summary>Ends a pass at the place where its node is killed.</summary>
internal sealed class NodeKilledException() : Exception("the node is killed");
