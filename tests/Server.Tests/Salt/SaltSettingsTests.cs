using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

public sealed class SaltSettingsTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    [Fact]
    public void Defaults_are_those_that_were_measured()
    {
        var master = Assert.Single(Read(TestMaster.Settings()).Masters);

        Assert.Equal(("m", "sharedsecret", "default"), (master.Name, master.Eauth, master.KeyDomain));
        Assert.Equal((10, 30, 60, 15), (
            master.LoginTimeoutSeconds, master.SubmitTimeoutSeconds,
            master.RunnerTimeoutSeconds, master.MasterTimeoutSeconds));
        Assert.Equal((2_000, 2_000), (master.MaxInFlight, master.MaxNamesPerSubmission));
        Assert.False(master.InsecureSkipTlsVerification);
    }

    [Theory]
    [InlineData("Name", "a b", "1 to 64 letters")]
    [InlineData("KeyDomain", "", "1 to 64 letters")]
    [InlineData("Url", "salt:8000", "http or https")]
    [InlineData("Url", "ftp://salt/", "http or https")]
    [InlineData("Url", "https://me:secret@salt/", "without user")]
    [InlineData("Username", " ", "external_auth")]
    [InlineData("Eauth", "SharedSecret", "sharedsecret, pam, file, ldap, auto")]
    [InlineData("MaxNamesPerSubmission", "10001", "1 to 10000")]
    [InlineData("MaxNamesPerSubmission", "0", "1 to 10000")]
    [InlineData("SubmitTimeoutSeconds", "soon", "whole number from 1 to 300")]
    [InlineData("ConnectTimeoutSeconds", "11", "no more than")]
    [InlineData("InsecureSkipTlsVerification", "perhaps", "true or false")]
    [InlineData("CaFile", "/nonexistent/ca.pem", "nothing can be trusted")]
    [InlineData("Hostname", "salt", "there is no such setting")]
    public void A_bad_setting_is_named_with_its_value_and_what_is_allowed(string key, string value, string allowed)
    {
        var message = Problem(TestMaster.Settings((key, value)));

        Assert.Contains($"Masters:0:{key} is '{value}'", message);
        Assert.Contains(allowed, message);
    }

    [Fact]
    public void Two_masters_of_one_name_are_refused()
    {
        var settings = TestMaster.Settings();
        foreach (var (key, value) in settings.GetSection("Masters:0").AsEnumerable(true).ToList())
        {
            settings[$"Masters:1:{key}"] = value;
        }

        Assert.Contains("2 masters named 'm'", Problem(settings));
    }

    [Theory]
    [InlineData(null, "sets 0 of")]
    [InlineData("SALTERN_TESTS_NOT_SET", "environment variable 'SALTERN_TESTS_NOT_SET' is not set")]
    public void A_master_without_a_password_is_refused(string? variable, string reason) =>
        Assert.Contains(reason, Problem(TestMaster.Settings(("PasswordEnvironment", variable))));

    [Fact]
    public void A_password_file_is_read_without_its_line_end_and_again_each_time()
    {
        File.WriteAllText(file, " secret \n");
        var master = Read(
            TestMaster.Settings(("PasswordEnvironment", null), ("PasswordFile", file))).Masters[0];
        Assert.True(MasterPassword.TryRead(master, out var password, out _));
        Assert.Equal(" secret ", password);

        File.WriteAllText(file, "changed");
        Assert.True(MasterPassword.TryRead(master, out password, out _));
        Assert.Equal("changed", password);

        File.WriteAllText(file, "\n");
        Assert.False(MasterPassword.TryRead(master, out _, out var problem));
        Assert.Contains("is empty", problem);
    }

    [Fact]
    public void A_password_in_a_file_of_settings_is_refused_and_not_repeated()
    {
        var message = Problem(TestMaster.Settings(("PasswordEnvironment", null), ("Password", "hunter2")));

        Assert.Contains("Masters:0:Password is set outside the environment", message);
        Assert.DoesNotContain("hunter2", message);
    }

    [Fact]
    public void A_password_from_the_environment_is_taken()
    {
        Environment.SetEnvironmentVariable("SALTERNTEST__Masters__0__Password", "hunter2");
        var settings = new ConfigurationBuilder()
            .AddConfiguration(TestMaster.Settings(("PasswordEnvironment", null)))
            .AddEnvironmentVariables("SALTERNTEST__").Build();

        Assert.Equal("hunter2", Read(settings).Masters[0].Password);
    }

    [Fact]
    public void Several_masters_are_known_by_their_names_each_with_its_own_settings()
    {
        var settings = TestMaster.Settings(("SubmitTimeoutSeconds", "7"));
        foreach (var (key, value) in TestMaster.Settings(("Name", "other")).GetSection("Masters:0").AsEnumerable(true))
        {
            settings[$"Masters:1:{key}"] = value;
        }
        using var services = new ServiceCollection().AddLogging().AddSalt(settings).BuildServiceProvider();

        var masters = services.GetRequiredService<SaltMasters>();

        Assert.Equal(["m", "other"], masters.Options.Select(options => options.Name));
        Assert.True(masters.TryGet("other", out var api));
        Assert.Equal("other", api.Master);
        Assert.True(masters.TryGetOptions("m", out var options));
        Assert.Equal(TimeSpan.FromSeconds(7), options.SubmitTimeout);
        Assert.False(masters.TryGet("gone", out _));
    }

    public void Dispose() => File.Delete(file);

    private static SaltOptions Read(IConfigurationRoot settings)
    {
        using var services = new ServiceCollection().AddLogging().AddSalt(settings).BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
        return services.GetRequiredService<IOptions<SaltOptions>>().Value;
    }

    private static string Problem(IConfigurationRoot settings) =>
        Assert.Throws<OptionsValidationException>(() => Read(settings)).Message;
}
