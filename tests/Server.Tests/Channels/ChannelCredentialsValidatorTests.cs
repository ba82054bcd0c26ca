using Microsoft.Extensions.Configuration;
using Saltern.Server.Channels;
using Saltern.Server.Settings;
using Xunit;

namespace Saltern.Server.Tests.Channels;

public sealed class ChannelCredentialsValidatorTests
{
    private const string Key = "Channels:Credentials:0:";
    private const string Variable = "SALTERN_TEST_VALID_SECRET";

    public ChannelCredentialsValidatorTests() => Environment.SetEnvironmentVariable(Variable, "hunter2");

    [Fact]
    public void A_user_or_a_header_with_a_secret_is_accepted()
    {
        Assert.Null(Problem([]));
        Assert.Null(Problem([("Username", null), ("Header", "X-Lab")]));
        Assert.Null(Problem(
            [("PasswordEnvironment", null)], ("SALTERN__CHANNELS__CREDENTIALS__0__PASSWORD", "hunter2")));
    }

    [Theory]
    [InlineData("Prefix", "https://host", "must be an http or https address that ends with a slash")]
    [InlineData("Prefix", "ftp://host/", "must be an http or https address")]
    [InlineData("Prefix", "https://u:p@host/", "without user")]
    [InlineData("Username", null, "must set one of Username and Header")]
    [InlineData("Header", "X-Lab", "must set one of Username and Header")]
    [InlineData("Username", "a:b", "no colon")]
    [InlineData("Password", "hunter2", "sets 2 of PasswordFile")]
    [InlineData("PasswordEnvironment", null, "sets 0 of PasswordFile")]
    [InlineData("PasswordEnvironment", "SALTERN_TEST_NOT_SET", "is not set")]
    public void Others_stop_the_start_with_a_sentence_that_shows_no_secret(string name, string? value, string sentence)
    {
        var problem = Problem([(name, value)]);
        Assert.Contains(sentence, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_a_file_of_settings_is_refused() => Assert.Contains(
        "is set outside the environment", Problem([("PasswordEnvironment", null), ("Password", "hunter2")]),
        StringComparison.Ordinal);

    private static string? Problem(
        (string Name, string? Value)[] changes, params (string Key, string? Value)[] environment)
    {
        var values = new Dictionary<string, string?>
        {
            [Key + "Prefix"] = "https://host/a/", [Key + "Username"] = "lab", [Key + "PasswordEnvironment"] = Variable,
        };
        foreach (var (name, value) in changes)
        {
            values[Key + name] = value;
        }

        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(values.Where(one => one.Value is not null))
            .Add(new EnvironmentSettings(environment.ToDictionary(one => one.Key, one => one.Value)))
            .Build();
        var options = new ChannelsOptions();
        configuration.GetSection("Channels").Bind(options);
        var result = new ChannelCredentialsValidator(configuration).Validate(null, options);
        return result.Failed ? result.FailureMessage : null;
    }
}
