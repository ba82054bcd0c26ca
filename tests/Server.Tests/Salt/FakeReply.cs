using System.Text;

namespace Saltern.Server.Tests.Salt;

/// <summary>What the fake salt-api puts on the wire, and what it does to the connection then.</summary>
internal sealed record FakeReply(byte[] Bytes, FakeEnding Ending)
{
    public static FakeReply Hang { get; } = new([], FakeEnding.Hang);

    public static FakeReply Cut { get; } = new([], FakeEnding.Close);

    public static FakeReply Reset { get; } = new([], FakeEnding.Reset);

    public static FakeReply LoggedIn { get; } = Json(
        "200 OK", """{"return":[{"token":"cafe","expire":1795362507.5,"start":1795319307.5,"perms":[".*"]}]}""");

    public static FakeReply Json(string status, string body) =>
        Text(status, "Content-Type: application/json", body);

    public static FakeReply Page(string status, string body) =>
        Text(status, "Content-Type: text/html;charset=utf-8", body);

    public static FakeReply Text(string status, string headers, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var head = $"HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {bytes.Length}\r\n\r\n";
        return new FakeReply([.. Encoding.UTF8.GetBytes(head), .. bytes], FakeEnding.KeepOpen);
    }

    /// <summary>The reply up to this many bytes before its end; then as said.</summary>
    public FakeReply ShortOf(int bytes, FakeEnding ending) => new(Bytes[..^bytes], ending);

    public FakeReply Then(FakeEnding ending) => this with { Ending = ending };
}
