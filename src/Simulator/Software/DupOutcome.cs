namespace Saltern.Simulator.Software;

/// <summary>How a run of <c>zypper dup</c> is to end.</summary>
public enum DupOutcome
{
    /// <summary>Packages are upgraded, one comes, one goes; limits on removals are kept.</summary>
    Succeeded,

    /// <summary>Nothing to do.</summary>
    NothingToDo,

    /// <summary>Dependencies cannot be met; nothing changes.</summary>
    Conflict,

    /// <summary>As <see cref="Succeeded"/>, and a package changes its vendor where that is not forbidden.</summary>
    VendorChange,

    /// <summary>A repository does not answer; nothing changes.</summary>
    RepositoryUnreachable,

    /// <summary>A repository is signed with a key that is not known; nothing changes.</summary>
    Signature,

    /// <summary>A real run fails with half of the packages done. A dry run of it succeeds.</summary>
    HalfDone,

    /// <summary>A real run cannot get a package and changes nothing. A dry run of it succeeds.</summary>
    PackageGone,

    /// <summary>The minion restarts in the middle and sends no return; the worker goes on and succeeds.</summary>
    Outlived,

    /// <summary>The machine dies with half of the packages done: no return. A dry run leaves no trace.</summary>
    Interrupted,

    /// <summary>The machine dies before a package has changed: no return. A dry run leaves no trace.</summary>
    InterruptedUnchanged,

    /// <summary>As <see cref="HalfDone"/>, and the record does not tell whether a package changed.</summary>
    Untold,

    /// <summary>As <see cref="PackageGone"/>, and the record does not tell whether a package changed.</summary>
    UntoldUnchanged,

    /// <summary>The root is read-only: a real run succeeds, and what it changed is there after the next boot.</summary>
    Transactional,
}
