using System.Diagnostics;
using System.Reflection;
using Saltern.Server.Tests.Gates;
using Saltern.Server.Tests.Returner;

namespace Saltern.Server.Tests.Zypper;

/// <summary>
/// The minion's side of a service-pack migration, against the real zypper. Its tests are in Python, run class by class
/// so that a failure names where it is; small packages and systems below a temporary folder are made by them.
/// </summary>
public sealed class ZypperTests
{
    private static readonly string Folder = Path.Combine(SourceTree.Root, "tests/Server.Tests/Zypper/Python");

    [Theory]
    [InlineData("test_channels")]
    [InlineData("test_dup")]
    [InlineData("test_keys")]
    [InlineData("test_output")]
    [InlineData("test_patches")]
    [InlineData("test_runs")]
    [InlineData("test_signatures")]
    [InlineData("test_states")]
    [InlineData("test_transactional")]
    public async Task The_tests_of_the_minions_side_pass(string module)
    {
        using var process = Process.Start(Command(module))!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, said);
        Assert.Matches(@"Ran [1-9]\d* tests", said);
    }

    [Fact]
    public void No_module_of_them_is_left_out()
    {
        var named = typeof(ZypperTests).GetMethod(nameof(The_tests_of_the_minions_side_pass))!
            .GetCustomAttributesData().SelectMany(attribute => attribute.ConstructorArguments)
            .SelectMany(argument => argument.Value as IReadOnlyCollection<CustomAttributeTypedArgument> ?? [])
            .Select(argument => argument.Value as string);

        Assert.Equal(
            Directory.GetFiles(Folder, "test_*.py").Select(Path.GetFileNameWithoutExtension).Order(), named.Order());
    }

    /// <summary>
    /// Packages are installed below a folder as root alone may. Others get a name space in which they are root, with
    /// a place of their own for what zypper writes into its fixed one.
    /// </summary>
    private static ProcessStartInfo Command(string module)
    {
        string[] python = [ReturnerProcess.Python, "-m", "unittest", "-v", module];
        string[] whole = Environment.UserName == "root"
            ? python
            : ["unshare", "--map-root-user", "--mount", "sh", "-c",
               "mount -t tmpfs none /var/log && exec \"$@\"", "sh", .. python];
        return new ProcessStartInfo(whole[0], whole[1..]) { WorkingDirectory = Folder, RedirectStandardError = true };
    }
}
