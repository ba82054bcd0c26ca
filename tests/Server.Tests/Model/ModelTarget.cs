namespace Saltern.Server.Tests.Model;

/// <summary>A target as the model knows it.</summary>
internal sealed class ModelTarget
{
    public string Status { get; set; } = "Queued";

    public bool Guessed { get; set; }

    /// <summary>What an attempt before the latest turned out to be while the latest was under way.</summary>
    public (string Jid, string Status)? Late { get; set; }

    /// <summary>The jid of the latest attempt.</summary>
    public string? Jid { get; set; }
}
