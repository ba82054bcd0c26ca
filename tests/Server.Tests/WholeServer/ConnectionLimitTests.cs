using System.Net.Sockets;
using System.Text;
using Saltern.Rig;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>More connections than the server takes at a time.</summary>
public sealed class ConnectionLimitTests(PostgresServer postgres)
{
    [Fact]
    public async Task One_more_than_allowed_is_closed_and_there_is_room_again_when_another_one_ends()
    {
        await using var rig = await ServerRig.StartAsync(
            postgres, minions: 1, simulator: null, ("Listen:MaxConnections", "100"));
        List<TcpClient> open = [];
        for (var taken = 0; taken < 100; taken++)
        {
            open.Add(new TcpClient());
            Assert.Contains("200 OK", await AskAsync(open[^1], rig.Server.Address), StringComparison.Ordinal);
        }

        using (var tooMany = new TcpClient())
        {
            Assert.Equal("", await AskAsync(tooMany, rig.Server.Address));
        }

        open[0].Dispose();
        await ServerRig.UntilAsync(
            async () =>
            {
                using var next = new TcpClient();
                return await AskAsync(next, rig.Server.Address);
            },
            answer => answer.Contains("200 OK", StringComparison.Ordinal), "there is room for one more");
        open.ForEach(client => client.Dispose());
    }

    /// <summary>Asks and keeps the connection; empty if it was closed instead.</summary>
    private static async Task<string> AskAsync(TcpClient client, Uri server)
    {
        var answer = new byte[4096];
        try
        {
            await client.ConnectAsync(server.Host, server.Port);
            await client.GetStream().WriteAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            return Encoding.ASCII.GetString(answer, 0, await client.GetStream().ReadAsync(answer));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
