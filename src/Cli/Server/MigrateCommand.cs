using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Server.Database;

namespace Saltern.Cli.Server;

/// <summary><c>saltern migrate</c>: applies the schema changes that the database lacks.</summary>
internal static class MigrateCommand
{
    public static Command Create(CliOutput output) => OwnCommand.Of(
        "migrate", "Bring the database to the schema of this program",
        async (_, database, cancellationToken) =>
        {
            var changes = database.Services.GetRequiredService<SchemaChanges>();
            var applied = await changes.ApplyAsync(cancellationToken);
            foreach (var change in applied)
            {
                output.Line($"applied {change}");
            }

            output.Line(applied.Count == 0 ? "the schema was up to date" : "the schema is up to date");
            return ExitCodes.Ok;
        });
}
