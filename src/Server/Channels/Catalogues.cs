using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Channels;

/// <summary>
/// Hands out the catalogue, and reads its tables only when they are others than last time: some ten thousand rows are
/// too much for each claim, which holds locks. Every statement that changes one of the tables, of whichever node, also
/// changes the stamp, in its own transaction (triggers of the schema). So tables that were read between two looks at
/// the same stamp are those of that stamp. What checks of channels found changes often and is read each time.
/// </summary>
internal sealed class Catalogues
{
    /// <summary>An import that commits while the tables are read has them read anew.</summary>
    private const int MostReadings = 3;

    private Known? known;

    /// <summary>The catalogue as the caller's transaction sees it.</summary>
    /// <param name="everyCheck">
    /// Also what was found available, for people to see; else only what was not, which is all that targets depend on.
    /// </param>
    public async Task<ProductCatalogue> ReadAsync(
        NpgsqlConnection connection, bool everyCheck, CancellationToken cancellationToken)
    {
        var found = await CatalogueReading.ReadAvailabilityAsync(connection, everyCheck, cancellationToken);
        var stamp = await StampAsync(connection, cancellationToken);
        if (Volatile.Read(ref known) is { } kept && kept.Stamp == stamp)
        {
            return kept.Catalogue.With(found);
        }

        for (var reading = 1; ; reading++)
        {
            var catalogue = new ProductCatalogue(await CatalogueReading.ReadRowsAsync(connection, cancellationToken));
            var after = await StampAsync(connection, cancellationToken);
            if (after == stamp)
            {
                Volatile.Write(ref known, new Known(stamp, catalogue));
            }

            if (after == stamp || reading == MostReadings)
            {
                return catalogue.With(found);
            }

            stamp = after;
        }
    }

    private static async Task<Guid> StampAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Statement.Of(connection, StampSql);
        return (Guid)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    internal const string StampSql = "select stamp from catalogue_stamp";

    private sealed record Known(Guid Stamp, ProductCatalogue Catalogue);
}
