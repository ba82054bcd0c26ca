using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Saltern.Server.Database;

internal sealed class DatabaseOptions
{
    public const string Section = "Database";

    /// <summary>
    /// Any PostgreSQL 15 or newer, in Npgsql's words (Host=…;Database=…;Username=…;Password=…). Not set, the server
    /// starts one of its own in its data folder and sets this.
    /// </summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Holds that PostgreSQL of our own. Its account must be able to enter the folder.</summary>
    [Required]
    public string DataFolder { get; set; } = DefaultDataFolder();

    [Range(5, 1000)]
    public int MaxPoolSize { get; set; } = 50;

    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one statement may take. Statements that are known to be long set their own.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long one statement may take that writes the rows of a whole fleet (scheduling, cancelling, rescheduling or
    /// deleting an action, keeping the results of an ending day), the wait for others that write them included.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:30", "1.00:00:00")]
    public TimeSpan FleetCommandTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long one schema change may take, the wait for another node that is applying it included.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan SchemaChangeTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// For root, and for an account without a home, what a service uses; else a folder of the user's own.
    /// </summary>
    public static string DefaultDataFolder()
    {
        var home = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Environment.IsPrivilegedProcess || !Path.IsPathRooted(home)
            ? "/var/lib/saltern"
            : Path.Combine(home, "saltern");
    }
}

[OptionsValidator]
internal sealed partial class DatabaseOptionsValidator : IValidateOptions<DatabaseOptions>;
