namespace Saltern.Server.Dispatch;

/// <summary>Names this process among those that share the database; a new one each time it starts.</summary>
internal sealed class NodeName
{
    public string Value { get; } = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}";
}
