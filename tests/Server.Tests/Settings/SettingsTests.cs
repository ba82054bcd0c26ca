using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saltern.Server.Database;
using Saltern.Server.Settings;

namespace Saltern.Server.Tests.Settings;

public sealed class SettingsTests
{
    [Fact]
    public void Flags_win_over_the_environment_and_that_over_the_file()
    {
        var file = WriteFile("""
            { "Database": { "MaxPoolSize": 11, "CommandTimeout": "00:00:11", "ConnectTimeout": "00:00:11" } }
            """);
        var settings = LoadedSettings.Load(
            file,
            Variables(
                ("SALTERN__DATABASE__COMMANDTIMEOUT", "00:00:22"),
                ("SALTERN__DATABASE__CONNECTTIMEOUT", "00:00:22"),
                ("DATABASE__MAXPOOLSIZE", "22")),
            [Setting("Database:ConnectTimeout", "00:00:33")]);

        using var services = Check(settings);

        var database = services.GetRequiredService<IOptions<DatabaseOptions>>().Value;
        Assert.Equal((11, 22, 33), (
            database.MaxPoolSize, database.CommandTimeout.TotalSeconds, database.ConnectTimeout.TotalSeconds));
    }

    [Fact]
    public void The_real_environment_is_read()
    {
        Environment.SetEnvironmentVariable("SALTERN__DATABASE__MAXPOOLSIZE", "23");
        try
        {
            using var services = Check(LoadedSettings.Load(null, []));
            Assert.Equal(23, services.GetRequiredService<IOptions<DatabaseOptions>>().Value.MaxPoolSize);
        }
        finally
        {
            Environment.SetEnvironmentVariable("SALTERN__DATABASE__MAXPOOLSIZE", null);
        }
    }

    [Theory]
    [InlineData("""{ "Database": "Host=a" }""", null, null, "Host=a")]
    [InlineData("""{ "Database": "Host=a" }""", "Host=b", null, "Host=b")]
    [InlineData("""{ "Database": { "ConnectionString": "Host=a" } }""", "Host=b", "Host=c", "Host=c")]
    public void A_mere_database_is_its_connection_string(string file, string? variable, string? flag, string expected)
    {
        var settings = LoadedSettings.Load(
            WriteFile(file),
            variable is null ? Variables() : Variables(("SALTERN__DATABASE", variable)),
            flag is null ? [] : [Setting("Database", flag)]);

        using var services = Check(settings);
        Assert.Equal(expected, services.GetRequiredService<IOptions<DatabaseOptions>>().Value.ConnectionString);
    }

    [Theory]
    [InlineData("Database:MaxPoolSise", "9", "Database:MaxPoolSise is '9' (in the command line), but there is no such "
        + "setting. Known are: Database:CommandTimeout, Database:ConnectTimeout, Database:ConnectionString, ")]
    [InlineData("Databse:MaxPoolSize", "9", "Databse:MaxPoolSize is '9'", "Known are: AllowedHosts, Colours, ")]
    [InlineData("Database:MaxPoolSize", "many", "Database:MaxPoolSize is 'many'", "must be a whole number")]
    [InlineData("Database:CommandTimeout", "soon", "Database:CommandTimeout is 'soon'", "such as 00:00:30")]
    [InlineData("Database:MaxPoolSize:Deep", "9", "Database:MaxPoolSize:Deep is '9'", "no such setting")]
    [InlineData("Database:MaxPoolSize", "2", "Database:MaxPoolSize is '2'", "between 5 and 1000")]
    [InlineData("Database:CommandTimeout", "00:00:00", "CommandTimeout is '00:00:00'", "00:00:01", "01:00:00")]
    [InlineData("Database:DataFolder", "", "Database:DataFolder is not set", "required")]
    [InlineData("Colours:Mode", "grey", "Colours:Mode is 'grey'", "one of Light, Dark")]
    [InlineData("Colours:List:x:Name", "a", "Colours:List:x:Name is 'a'", "Known are: Colours:List:0")]
    [InlineData("Colours:List:0:Nme", "a", "Colours:List:0:Nme is 'a'", "Known are: Colours:List:0:Name")]
    [InlineData("Colours:Fixed", "a", "Colours:Fixed is 'a'", "no such setting")]
    public void A_setting_that_has_no_effect_or_no_sense_stops_the_start(string key, string value, params string[] says)
    {
        var settings = LoadedSettings.Load(null, Variables(), [Setting(key, value)]);
        var refusal = Assert.Throws<SettingsException>(() => Check(settings));
        Assert.All(says, part => Assert.Contains(part, refusal.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Colours:List:0:Name", "a")]
    [InlineData("Colours:Names:any", "a")]
    [InlineData("colours:mode", "dark")]
    [InlineData("TopLevel", "4")]
    [InlineData("Logging:LogLevel:Default", "Debug")]
    public void A_setting_that_is_read_passes(string key, string value) =>
        Check(LoadedSettings.Load(null, Variables(), [Setting(key, value)])).Dispose();

    [Fact]
    public void All_problems_are_told_at_once()
    {
        var refusal = Assert.Throws<SettingsException>(() => Check(LoadedSettings.Load(
            null, Variables(("SALTERN__DATABASE__CONNECTTIMEOUT", "-1")), [Setting("Database:MaxPoolSize", "1")])));
        Assert.Equal(2, refusal.Message.Split(Environment.NewLine).Length);
    }

    [Fact]
    public void Secrets_are_not_repeated()
    {
        var refusal = Assert.Throws<SettingsException>(() => Check(LoadedSettings.Load(
            null, Variables(("SALTERN__MASTER__PASSWORD", "hunter2")), [])));
        Assert.Contains("MASTER:PASSWORD is set to something not shown", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_or_broken_is_named()
    {
        var broken = WriteFile("{ \"Database\": ");
        Assert.Contains("/none.json does not exist", Refusal("/none.json"), StringComparison.Ordinal);
        Assert.Contains($"{broken} could not be read", Refusal(broken), StringComparison.Ordinal);

        static string Refusal(string file) =>
            Assert.Throws<SettingsException>(() => LoadedSettings.Load(file, Variables(), [])).Message;
    }

    private static ServiceProvider Check(LoadedSettings loaded)
    {
        var settings = loaded.Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(settings);
        services.AddDatabase();
        services.AddKnownSettings("Colours", typeof(Colours));
        services.AddKnownSettings("", typeof(Root));
        var provider = services.BuildServiceProvider();
        SettingsCheck.Run(settings, provider);
        return provider;
    }

    private static EnvironmentSettings Variables(params (string Name, string? Value)[] variables) =>
        new(variables.ToDictionary(variable => variable.Name, variable => variable.Value));

    private static KeyValuePair<string, string?> Setting(string key, string value) => new(key, value);

    private static string WriteFile(string json)
    {
        var file = Path.Combine(Path.GetTempPath(), $"saltern-settings-{Guid.NewGuid():N}.json");
        File.WriteAllText(file, json);
        return file;
    }

    private enum Mode
    {
        Light,
        Dark,
    }

    private sealed record Colour(string Name);

    private sealed class Colours
    {
        public Mode Mode { get; init; }

        public IReadOnlyList<Colour> List { get; init; } = [];

        public Dictionary<string, string> Names { get; init; } = [];

        public string Fixed => Mode.ToString();
    }

    private sealed class Root
    {
        [Range(1, 9)]
        public int TopLevel { get; init; }
    }
}
