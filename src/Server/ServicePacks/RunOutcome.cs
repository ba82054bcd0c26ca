namespace Saltern.Server.ServicePacks;

/// <summary>How a run of <c>zypper dup</c> stands, by the minion's own record.</summary>
internal enum RunOutcome
{
    Succeeded,

    /// <summary>A success: everything is as it should be already.</summary>
    NothingToDo,

    Failed,

    /// <summary>It broke off after it had begun to change packages.</summary>
    Interrupted,

    Running,

    /// <summary>There is no trace of it.</summary>
    NotBegun,
}
