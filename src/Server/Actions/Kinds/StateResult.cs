namespace Saltern.Server.Actions.Kinds;

/// <summary>How one state of a state run went.</summary>
/// <param name="Id">Its id in the sls.</param>
/// <param name="WouldChange">It is off what it should be, and the run was a test.</param>
/// <param name="Comment">The point of its comment, on one line.</param>
/// <param name="RunNumber">Its place in the run.</param>
internal sealed record StateResult(
    string Id, bool Failed, bool WouldChange, bool Changed, string Comment, int RunNumber);
