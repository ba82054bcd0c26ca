using System.Text.Json;
using Saltern.Server.Salt;

namespace Saltern.Server.Actions;

/// <summary>
/// One kind of action: what arguments it takes, what it has Salt run, and what a return means. Everything here is pure:
/// the same arguments give the same call on every node and after every restart.
/// </summary>
internal abstract class ActionKind
{
    /// <summary>The kind's name in REST, CLI and database, for example <c>state.apply</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether a minion may run only one action of such kinds at a time (packages, states, reboot).</summary>
    public abstract bool Exclusive { get; }

    /// <summary>
    /// Whether running it a second time does no harm, so that it may be resent and retried by itself.
    /// </summary>
    public virtual bool SafeToRepeat(JsonElement arguments) => true;

    /// <summary>For which returns the body must be read.</summary>
    public virtual BodyReading ReadsBody => BodyReading.Failed;

    /// <summary>The permission a token needs besides the one to schedule; null where that is enough.</summary>
    public virtual string? Permission => null;

    /// <summary>Everything that is wrong with the arguments; empty when nothing is.</summary>
    public abstract IReadOnlyList<ArgumentError> Validate(JsonElement arguments);

    /// <summary>How long a minion may take from pick-up to return before it counts as not answering.</summary>
    public abstract TimeSpan Deadline(JsonElement arguments);

    /// <summary>
    /// What Salt is to run. Called only with arguments that <see cref="Validate"/> found nothing wrong with.
    /// </summary>
    public abstract SaltCall BuildCall(JsonElement arguments);

    /// <summary>How it went, by what the minion sent.</summary>
    public abstract TargetOutcome Read(JsonElement arguments, MinionReturn returned);

    /// <summary>
    /// A call that must be answered before a target is picked up, and again after its return until
    /// <see cref="ReadAnswer"/> is satisfied; null for kinds whose return is the whole story.
    /// </summary>
    public virtual SaltCall? AskCall => null;

    /// <summary>What the answer to an ask says, given the answer from before the pick-up.</summary>
    public virtual TargetOutcome ReadAnswer(string? before, string answer) =>
        throw new InvalidOperationException($"{Name} asks nothing");
}
