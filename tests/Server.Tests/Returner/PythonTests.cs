using System.Diagnostics;

namespace Saltern.Server.Tests.Returner;

/// <summary>The pure parts of the returner and its spool have tests in Python, run as a whole.</summary>
public sealed class PythonTests
{
    [Fact]
    public async Task The_returners_own_tests_pass()
    {
        using var process = Process.Start(new ProcessStartInfo(ReturnerProcess.Python, ["-m", "unittest", "-v"])
        {
            WorkingDirectory = ReturnerProcess.Folder, RedirectStandardError = true,
        })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, said);
        Assert.Matches(@"Ran [1-9]\d+ tests", said);
    }
}
