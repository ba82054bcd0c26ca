namespace Saltern.Server.Channels;

/// <summary>An assignment on record, with who changed it last.</summary>
internal sealed record AssignmentRow(ChannelAssignment Assigned, string ChangedBy, DateTimeOffset ChangedAt);
