namespace Saltern.Server.Actions;

/// <summary>Which final targets run again.</summary>
internal enum RescheduleScope
{
    /// <summary>Those that failed, were cancelled or were skipped.</summary>
    Failed,

    /// <summary>Every final one, the completed ones too.</summary>
    All,
}
