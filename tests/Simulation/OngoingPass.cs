namespace Saltern.Simulation;

/// <summary>A pass that has begun, and where it stands.</summary>
internal sealed class OngoingPass(string name, Task task)
{
    public string Name { get; } = name;

    public Task Task { get; } = task;

    public Standing? Standing { get; set; }
}
