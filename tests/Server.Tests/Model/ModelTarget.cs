namespace Saltern.Server.Tests.Model;

/// <summary>A target as the model knows it.</summary>
internal sealed class ModelTarget
{
    public string Status { get; set; } = "Queued";

    public bool Guessed { get; set; }

    /// <summary>The jid of the latest attempt.</summary>
    public string? Jid { get; set; }
}
