namespace Saltern.Server.Database;

/// <summary>Names of the bells. A bell carries no decision: it wakes a loop that then reads the tables.</summary>
internal static class NotificationChannels
{
    /// <summary>A return or a start event arrived (rung by the triggers on the job cache).</summary>
    public const string Inbox = "saltern_inbox";

    /// <summary>Something became due, or due earlier than it was.</summary>
    public const string Due = "saltern_due";

    /// <summary>The status of actions or targets changed: pages and streams look again.</summary>
    public const string Changes = "saltern_changes";
}
