using System.Reflection;

namespace Saltern.Simulator.Faults;

/// <summary>
/// The faults that a test can choose. Those of requests go by function (and by minion, if any target matches); those of
/// minions by minion and function. Each takes a probability and a count; what else it takes is said here.
/// </summary>
public static class FaultNames
{
    /// <summary>
    /// salt-api is not there: its port is closed while the fault is set, and its sessions are gone afterwards. Ignores
    /// filters, probability and count.
    /// </summary>
    public const string RefuseConnection = "refuse-connection";

    /// <summary>A request is taken and never answered; nothing is published.</summary>
    public const string Hang = "hang";

    /// <summary>The job is published, then the connection is cut without an answer.</summary>
    public const string AnswerThenDrop = "answer-then-drop";

    /// <summary>The connection is cut without an answer; nothing is published.</summary>
    public const string DropBeforePublish = "drop-before-publish";

    /// <summary>The job is published, the answer is 500.</summary>
    public const string Http500AfterPublish = "http-500-after-publish";

    /// <summary>The answer is 500; nothing is published.</summary>
    public const string Http500BeforePublish = "http-500-before-publish";

    /// <summary>The answer is 401 and the session is gone; logging in helps.</summary>
    public const string Http401 = "http-401";

    /// <summary>
    /// The answer is the 401 of a function that external_auth does not list; the session holds, nothing is published.
    /// </summary>
    public const string NotPermitted = "not-permitted";

    /// <summary>The answer is 403, as from a proxy; nothing is published.</summary>
    public const string Http403 = "http-403";

    /// <summary>The answer is 502 with an HTML page, as from a proxy; nothing is published.</summary>
    public const string Html502 = "html-502";

    /// <summary>A login is taken and never answered.</summary>
    public const string LoginHang = "login-hang";

    /// <summary>
    /// Publishing takes <see cref="Fault.Seconds"/>: after the load is saved, before minions get the job.
    /// </summary>
    public const string SlowPublish = "slow-publish";

    /// <summary>
    /// The master process is down and salt-api is up: jobs are answered 500 after <see cref="Fault.Seconds"/> (15 if
    /// not given), logins never, nothing is published; minions try to return for three minutes. When it ends, each
    /// minion that is up sends a start event. Ignores filters, probability and count.
    /// </summary>
    public const string MasterDown = "master-down";

    /// <summary>
    /// The return is delivered twice, the second <see cref="Fault.Seconds"/> later with a stamp of its own.
    /// </summary>
    public const string ReturnTwice = "return-twice";

    /// <summary>The return is delivered <see cref="Fault.Seconds"/> after the job has ended.</summary>
    public const string ReturnLate = "return-late";

    /// <summary>
    /// The return has an odd body: <see cref="Fault.Body"/> as <c>return</c> (JSON), or in turn null, a number, a list,
    /// deeply nested objects, a full_ret that lacks retcode and success, one with a retcode that is text.
    /// </summary>
    public const string ReturnGarbage = "return-garbage";

    /// <summary>The job runs and ends, and no return is ever sent.</summary>
    public const string NeverReturn = "never-return";

    /// <summary>
    /// Returns reach the master and are lost there, as with stock pgjsonb while PostgreSQL is away; ends by itself
    /// after
    /// <see cref="Fault.Seconds"/> if given.
    /// </summary>
    public const string LoseReturns = "lose-returns";

    /// <summary>
    /// The transaction that stores the return stays open for <see cref="Fault.Seconds"/> before its commit.
    /// </summary>
    public const string CommitLate = "commit-late";

    /// <summary>
    /// The minions that match are down while the fault is set; when it ends they come up with a start event.
    /// </summary>
    public const string MinionDown = "minion-down";

    /// <summary>The minion restarts in the middle of the job: no return, jids forgotten, a start event.</summary>
    public const string MinionRestart = "minion-restart";

    /// <summary>The function fails: a failed state (return code 2), or return code 1 with a text.</summary>
    public const string JobFails = "job-fails";

    /// <summary>
    /// The function gives a text of <see cref="Fault.Bytes"/>; a command gives it as its output.
    /// </summary>
    public const string BigOutput = "big-output";

    /// <summary>The function gives a text with a NUL character in it.</summary>
    public const string NulInOutput = "nul-in-output";

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. typeof(FaultNames).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!),
    ];
}
