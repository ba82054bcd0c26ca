using System.Text.Json;
using System.Text.Json.Nodes;

namespace Saltern.Server.Salt;

/// <summary>The bodies we send. One chunk a request: of several, those before a bad one have been published.</summary>
internal static class SaltRequest
{
    private static readonly JsonWriterOptions Unindented = new() { MaxDepth = 1_024 };

    public static byte[] Login(SaltMasterOptions options, string password) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("username", options.Username);
        writer.WriteString("password", password);
        writer.WriteString("eauth", options.Eauth);
        writer.WriteEndObject();
    });

    public static byte[] Submission(
        SaltCall call, IReadOnlyList<MinionId> minions, Jid jid, SaltMetadata metadata) => Write(writer =>
    {
        WriteChunkStart(writer, "local_async", call.Function);
        writer.WriteStartArray("tgt");
        foreach (var minion in minions)
        {
            writer.WriteStringValue(minion.Value);
        }
        writer.WriteEndArray();
        writer.WriteString("tgt_type", "list");
        WriteNode(writer, "arg", call.Args);
        WriteNode(writer, "kwarg", call.Kwargs);
        writer.WriteString("jid", jid.Value);
        WriteNode(writer, "metadata", metadata.Values);
        WriteChunkEnd(writer);
    });

    public static byte[] Runner(string function, JsonObject kwargs) => Write(writer =>
    {
        WriteChunkStart(writer, "runner", function);
        WriteNode(writer, "kwarg", kwargs);
        WriteChunkEnd(writer);
    });

    /// <summary>The wheel wants its arguments beside `fun`, where Salt's documentation has them.</summary>
    public static byte[] Wheel(string function, JsonObject kwargs) => Write(writer =>
    {
        WriteChunkStart(writer, "wheel", function);
        foreach (var (name, value) in kwargs)
        {
            WriteNode(writer, name, value);
        }
        WriteChunkEnd(writer);
    });

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Unindented))
        {
            write(writer);
        }
        return buffer.ToArray();
    }

    private static void WriteChunkStart(Utf8JsonWriter writer, string client, string function)
    {
        writer.WriteStartArray();
        writer.WriteStartObject();
        writer.WriteString("client", client);
        writer.WriteString("fun", function);
    }

    private static void WriteChunkEnd(Utf8JsonWriter writer)
    {
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private static void WriteNode(Utf8JsonWriter writer, string name, JsonNode? node)
    {
        writer.WritePropertyName(name);
        if (node is null)
        {
            writer.WriteNullValue();
            return;
        }
        node.WriteTo(writer);
    }
}
