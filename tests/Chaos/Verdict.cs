using Saltern.Chaos.Migrations;

namespace Saltern.Chaos;

/// <summary>What is wrong, each a sentence with its evidence, and what is allowed but worth knowing.</summary>
internal sealed record Verdict
{
    /// <summary>Targets without a final status, and acknowledged actions that are not there.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>
    /// A minion ran the job of one attempt more than once; or ran a job that no attempt owns; or ran what is not safe
    /// to repeat once more than a user ordered. What is safe to repeat may be sent a second time under its jid where no
    /// trace of the first call is left; its minion then runs it again only if it has restarted in between, which is
    /// counted apart.
    /// </summary>
    public List<string> RunTwice { get; } = [];

    /// <summary>
    /// A status that is no guess and not how the run ended; Completed without a run; a guess although the return is
    /// there; a run after the cancel. Counts of an action that do not add up.
    /// </summary>
    public List<string> WrongStatus { get; } = [];

    /// <summary>Channels, on record or on a minion, that do not follow from what its runs came to.</summary>
    public List<string> WrongChannels { get; } = [];

    /// <summary>
    /// Something was done on a minion in the middle of a real run, or handed out to one that was held against it.
    /// </summary>
    public List<string> Overlapped { get; } = [];

    /// <summary>
    /// The new channels stayed, for a person to look at, though no package had changed: a run of which nothing was
    /// known was ordered again, and what the second one told proves nothing of the first.
    /// </summary>
    public List<string> NobodyKnew { get; } = [];

    public MigrationCounts Migrations { get; } = new();

    /// <summary>Guessed: nothing was heard, and nothing could be.</summary>
    public int Guessed { get; set; }

    /// <summary>Of those, the ones that their minion ran to its end.</summary>
    public List<string> GuessedAndRan { get; } = [];

    /// <summary>What is safe to repeat and was run to its end by more attempts than a user ordered.</summary>
    public List<string> Repeated { get; } = [];

    /// <summary>What is safe to repeat, sent a second time under its jid, to a minion that had restarted.</summary>
    public List<string> ResentAfterRestart { get; } = [];

    public bool IsRight => 
        Lost.Count + RunTwice.Count + WrongStatus.Count + WrongChannels.Count + Overlapped.Count == 0;
}
