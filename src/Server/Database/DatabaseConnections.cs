using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saltern.Server.Database;

internal static class DatabaseConnections
{
    /// <summary>The one place where connections get their pool, time-outs, search path and name.</summary>
    public static NpgsqlDataSource Build(DatabaseOptions options, ILoggerFactory loggers)
    {
        if (options.ConnectionString.Length == 0)
        {
            throw new InvalidOperationException("No database was named, and none of our own was started.");
        }

        var connection = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            SearchPath = "saltern",
            ApplicationName = "saltern",
            MaxPoolSize = options.MaxPoolSize,
            Timeout = (int)options.ConnectTimeout.TotalSeconds,
            CommandTimeout = (int)options.CommandTimeout.TotalSeconds,
            // A day has 24 hours for every statement of ours, whatever zone the database was made for.
            Timezone = "UTC",
            // A listener that waits for the bell would never notice that its connection is gone.
            KeepAlive = 30,
        };
        return new NpgsqlDataSourceBuilder(connection.ConnectionString).UseLoggerFactory(loggers).Build();
    }
}
