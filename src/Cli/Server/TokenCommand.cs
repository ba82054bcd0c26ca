using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Cli.Client;
using Saltern.Contract;
using Saltern.Server.Access;
using Saltern.Server.Database;

namespace Saltern.Cli.Server;

/// <summary>
/// <c>saltern token</c>: whoever can reach the database can make the first token; there is no other way in.
/// </summary>
internal static class TokenCommand
{
    private static readonly Option<string> Name = new("--name")
    {
        Description = "Who or what will use it: the actor of its orders.", Required = true,
    };

    private static readonly Option<string[]> Permissions = new("--permission")
    {
        Description = $"What it allows: {string.Join(", ", PermissionNames.All)}. May be given several times.",
        Required = true,
    };

    private static readonly Option<int?> Days = new("--expires-days") { Description = "It ends after so many days." };

    private static readonly Argument<string> Revoked = new("name") { Description = "The token's name." };

    public static Command Create(CliOutput output, TimeProvider clock) => Commands.Group(
        "token", "Make, list and revoke tokens, directly in the database",
        OwnCommand.Of(
            "create", "Make a token; it is shown this once",
            (parsed, database, cancellationToken) => CreateAsync(parsed, database, output, clock, cancellationToken),
            Name, Permissions, Days),
        OwnCommand.Of(
            "list", "List the tokens (not the tokens themselves)",
            (parsed, database, cancellationToken) => ListAsync(parsed, database, output, cancellationToken)),
        OwnCommand.Of(
            "revoke", "End a token, at once",
            (parsed, database, cancellationToken) => RevokeAsync(parsed, database, output, cancellationToken),
            Revoked));

    private static async Task<int> CreateAsync(
        ParseResult parsed, OwnDatabase database, CliOutput output, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var expires = parsed.GetValue(Days) is { } days ? clock.GetUtcNow().AddDays(days) : (DateTimeOffset?)null;
        await database.Services.GetRequiredService<SchemaChanges>().ApplyAsync(cancellationToken);
        var created = await database.Services.GetRequiredService<Tokens>().CreateAsync(
            parsed.GetValue(Name)!, parsed.GetValue(Permissions) ?? [], expires,
            $"{Environment.UserName} (saltern token)",
            cancellationToken);
        if (created is TokenCreation.Refused refused)
        {
            throw new CliFailure(ExitCodes.Usage, refused.Reason);
        }

        output.Line(((TokenCreation.Created)created).Token);
        output.Error.WriteLine("Keep it: only its hash is stored, so it cannot be shown again.");
        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(
        ParseResult parsed, OwnDatabase database, CliOutput output, CancellationToken cancellationToken)
    {
        var tokens = await database.Services.GetRequiredService<Tokens>().ListAsync(cancellationToken);
        if (Connection.WantsJson(parsed))
        {
            output.Json(tokens);
            return ExitCodes.Ok;
        }

        output.Table(
            ["name", "permissions", "made by", "made", "expires", "revoked", "last used"],
            tokens.Select(one => (IReadOnlyList<string?>)
            [
                one.Name, string.Join(' ', one.Permissions), one.CreatedBy, Commands.Time(one.CreatedAt),
                Commands.Time(one.ExpiresAt), Commands.Time(one.RevokedAt), Commands.Time(one.LastUsedAt),
            ]));
        return ExitCodes.Ok;
    }

    private static async Task<int> RevokeAsync(
        ParseResult parsed, OwnDatabase database, CliOutput output, CancellationToken cancellationToken)
    {
        var name = parsed.GetValue(Revoked)!;
        if (!await database.Services.GetRequiredService<Tokens>().RevokeAsync(name, cancellationToken))
        {
            throw new CliFailure(ExitCodes.NotFound, $"There is no token '{name}' that still holds.");
        }

        output.Error.WriteLine($"token {name} is revoked");
        return ExitCodes.Ok;
    }
}
