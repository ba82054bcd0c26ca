namespace Saltern.Server.Channels;

/// <summary>What becomes of an order about clones, mirrors or assignments.</summary>
internal abstract record ChannelOutcome
{
    private ChannelOutcome()
    {
    }

    public sealed record Done : ChannelOutcome;

    public sealed record Refused(string Argument, string Message) : ChannelOutcome;

    public sealed record NotFound : ChannelOutcome;
}
