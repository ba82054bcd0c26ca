using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace Saltern.Server.Access;

/// <summary>
/// The keys that seal the console's cookies. They are in the database, so that a session outlives a restart and is good
/// on every node. Whoever can read them there could as well write a token into the table next to them.
/// </summary>
internal sealed class ConsoleKeys(NpgsqlDataSource dataSource, TimeProvider clock) : IXmlRepository
{
    internal const string ListSql = "select element from saltern.console_key order by id";

    internal const string StoreSql = """
        insert into saltern.console_key (name, element, created_at) values ($1, $2, $3)
        """;

    // The framework asks for keys from places where nothing can be awaited: seldom, and few rows.
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var command = dataSource.CreateCommand(ListSql);
        using var reader = command.ExecuteReader();
        var elements = new List<XElement>();
        while (reader.Read())
        {
            elements.Add(XElement.Parse(reader.GetString(0)));
        }

        return elements;
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        var text = element.ToString(SaveOptions.DisableFormatting);
        using var command = dataSource.CreateCommand(StoreSql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = friendlyName });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
        command.ExecuteNonQuery();
    }
}
