namespace Saltern.Simulator.Functions;

/// <summary>What a command line printed, how it exited and how long it took.</summary>
internal sealed record ShellRun(string Stdout, string Stderr, string Both, int Retcode, TimeSpan Duration);
