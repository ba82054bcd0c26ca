namespace Saltern.Server.Salt;

/// <summary>One state of a run that failed.</summary>
/// <param name="Id">Its id in the sls file.</param>
/// <param name="Name">What it was about: a file, a package, a service.</param>
/// <param name="Function">Which state function, `pkg.installed`.</param>
/// <param name="Comment">What it said, cut if it is long.</param>
internal sealed record FailedState(string Id, string Name, string Function, string Comment);
