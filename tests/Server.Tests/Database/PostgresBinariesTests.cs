using Saltern.Server.Database;

namespace Saltern.Server.Tests.Database;

public sealed class PostgresBinariesTests
{
    [Fact]
    public async Task Without_postgresql_the_message_has_the_command_that_installs_it()
    {
        var missing = await Assert.ThrowsAsync<PostgresMissingException>(
            () => PostgresBinaries.FindAsync("/nonexistent", "/nonexistent/bin", null, CancellationToken.None));
        Assert.Contains("No PostgreSQL was found", missing.Message, StringComparison.Ordinal);
        Assert.Contains("sudo apt-get install postgresql", missing.Message, StringComparison.Ordinal);
        Assert.Contains("--database", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_is_too_old_is_named()
    {
        var missing = Assert.Throws<PostgresMissingException>(() => PostgresBinaries.Choose([Version(13)], null));
        Assert.Contains("Only PostgreSQL 13 was found", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_is_taken_for_a_new_cluster_and_its_own_for_an_old_one()
    {
        PostgresBinaries[] found = [Version(15), Version(17), Version(16)];
        Assert.Equal(17, PostgresBinaries.Choose(found, null).Major);
        Assert.Equal(15, PostgresBinaries.Choose(found, clusterMajor: 15).Major);
    }

    [Fact]
    public void A_cluster_whose_version_is_gone_says_which_package_brings_it_back()
    {
        var missing = Assert.Throws<PostgresMissingException>(
            () => PostgresBinaries.Choose([Version(17)], clusterMajor: 15));
        Assert.Contains("sudo apt-get install postgresql-15", missing.Message, StringComparison.Ordinal);
    }

    private static PostgresBinaries Version(int major) => new($"/usr/lib/postgresql/{major}/bin", major);
}
