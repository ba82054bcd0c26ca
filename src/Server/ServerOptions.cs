using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saltern.Server.Settings;

namespace Saltern.Server;

/// <summary>Where this process keeps its files and where it listens.</summary>
internal sealed class ServerOptions
{
    public const string Section = "Server";

    /// <summary>Holds the private PostgreSQL of a single machine. PostgreSQL's account must be able to enter it.</summary>
    [Required]
    public string DataFolder { get; set; } = DefaultDataFolder();

    /// <summary>The address to listen on; 0.0.0.0 or [::] for all.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>0 takes any free port.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 7261;

    /// <summary>For root what a service uses; else a folder of the user's own.</summary>
    public static string DefaultDataFolder() => Environment.IsPrivilegedProcess
        ? "/var/lib/saltern"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "saltern");

    /// <summary>These options and the section they are in.</summary>
    public static IServiceCollection Register(IServiceCollection services) =>
        services.AddSettings<ServerOptions, ServerOptionsValidator>(Section);
}

[OptionsValidator]
internal sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;
