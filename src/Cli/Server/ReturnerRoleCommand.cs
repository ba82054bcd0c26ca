using System.Buffers.Text;
using System.CommandLine;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Cli.Server;

/// <summary>
/// <c>saltern returner-role</c>: a database role for a master, and the lines for the master's configuration. The
/// password is read from a file or made and written to one that only its owner may read; it is shown nowhere.
/// </summary>
internal static class ReturnerRoleCommand
{
    private static readonly Argument<string> Role = new("role") { Description = "The role, for example salt_master1." };

    private static readonly Option<string?> PasswordFile = new("--password-file")
    {
        Description = "File with the password; made with a new one where it does not exist. Else <role>.password.",
    };

    private static readonly Option<string?> Host = new("--host")
    {
        Description = "How the master reaches the database, where that differs from our own way.",
    };

    public static Command Create(CliOutput output) => OwnCommand.Of(
        "returner-role", "Make a database role for a master, and show the lines for its configuration",
        (parsed, database, cancellationToken) => RunAsync(parsed, database, output, cancellationToken),
        Role, PasswordFile, Host);

    private static async Task<int> RunAsync(
        ParseResult parsed, OwnDatabase database, CliOutput output, CancellationToken cancellationToken)
    {
        var role = parsed.GetValue(Role)!;
        var file = Path.GetFullPath(parsed.GetValue(PasswordFile) ?? $"{role}.password");
        var password = PasswordIn(file);
        await database.Services.GetRequiredService<SchemaChanges>().ApplyAsync(cancellationToken);
        var problem = await database.Services.GetRequiredService<ReturnerRoles>()
            .WriteAsync(role, password, cancellationToken);
        if (problem is not null)
        {
            throw new CliFailure(ExitCodes.Usage, problem);
        }

        var connection = new NpgsqlConnectionStringBuilder(
            database.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
        var host = parsed.GetValue(Host) ?? (connection.Host?.StartsWith('/') == true ? "127.0.0.1" : connection.Host);
        output.Line($"""
            # For the master's configuration (the password is in {file}; copy it to the master):
            returner_dirs: [/usr/local/lib/saltern/returners]
            master_job_cache: saltern
            event_return: [saltern]
            event_return_whitelist:
              - salt/minion/*/start
              - salt/job/*/new
            keep_jobs_seconds: 0
            returner.saltern.host: {host}
            returner.saltern.port: {connection.Port}
            returner.saltern.db: {connection.Database}
            returner.saltern.user: {role}
            returner.saltern.passfile: /etc/salt/saltern.password
            # Salt's stock returner works as well, with risks that docs/connecting-a-master.md names: then it is
            # pgjsonb instead of saltern in each line, and returner.pgjsonb.pass with the password itself.
            """);
        return ExitCodes.Ok;
    }

    private static string PasswordIn(string file)
    {
        try
        {
            if (File.Exists(file))
            {
                return File.ReadAllText(file).TrimEnd('\r', '\n');
            }

            var password = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
            using var writer = new StreamWriter(new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }));
            writer.WriteLine(password);
            return password;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCodes.Usage, $"The password file cannot be used: {error.Message}");
        }
    }
}
