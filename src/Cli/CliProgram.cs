using System.CommandLine;
using Npgsql;
using Saltern.Cli.Client;
using Saltern.Cli.Demo;
using Saltern.Cli.Doctor;
using Saltern.Cli.Server;
using Saltern.Server.Database;
using Saltern.Server.Settings;

namespace Saltern.Cli;

/// <summary>
/// The program: builds the commands, runs one, and turns what went wrong into a sentence and an exit code.
/// </summary>
internal static class CliProgram
{
    public static async Task<int> RunAsync(
        string[] args, CliOutput output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var parsed = Root(output, clock).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                output.Error.WriteLine(error.Message);
            }

            output.Error.WriteLine("Try --help.");
            return ExitCodes.Usage;
        }

        try
        {
            var invocation = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                Output = output.Out,
                Error = output.Error,
                // A server ends its calls and its streams first.
                ProcessTerminationTimeout = TimeSpan.FromMinutes(1),
            };
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (CliFailure failure)
        {
            output.ErrorLine(failure.Message);
            return failure.ExitCode;
        }
        catch (Exception error) when (error is SettingsException or SchemaRefusedException or PostgresMissingException)
        {
            output.Error.WriteLine(error.Message);
            return ExitCodes.Usage;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A file or folder of ours: not there, full, not ours to write.
            output.Error.WriteLine(error.Message);
            return ExitCodes.Usage;
        }
        catch (NpgsqlException error)
        {
            output.ErrorLine($"The database: {error.Message}");
            return ExitCodes.NotReachable;
        }
        catch (OperationCanceledException)
        {
            output.Error.WriteLine("interrupted");
            return ExitCodes.Interrupted;
        }
    }

    private static RootCommand Root(CliOutput output, TimeProvider clock)
    {
        var root =
            new RootCommand("Schedules, hands out and tracks actions on fleets of Salt minions. " + ExitCodes.Help);
        Option[] shared = [Connection.Server, Connection.Token, Connection.TokenFile, Connection.Output];
        foreach (var option in shared)
        {
            root.Options.Add(option);
        }

        Command[] commands =
        [
            ActionsCommand.Create(output, clock),
            FleetCommands.Minions(output),
            FleetCommands.Groups(output),
            ProductCommands.Products(output),
            ChannelCommands.Create(output, clock),
            ServicePackCommands.Create(output, clock),
            MasterCommands.Masters(output),
            MasterCommands.Dispatch(output),
            ServerCommand.Create(output),
            DemoCommand.Create(output, clock),
            SimulatorCommand.Create(output, clock),
            MigrateCommand.Create(output),
            TokenCommand.Create(output, clock),
            ReturnerRoleCommand.Create(output),
            DoctorCommand.Create(output),
        ];
        foreach (var command in commands)
        {
            root.Subcommands.Add(command);
        }

        return root;
    }
}
