namespace Saltern.Server.Actions;

/// <summary>Which final targets run again.</summary>
internal enum RescheduleScope
{
    /// <summary>Those that failed or were skipped; not those that a person cancelled.</summary>
    Failed,

    /// <summary>Every final one, the completed ones too.</summary>
    All,
}
