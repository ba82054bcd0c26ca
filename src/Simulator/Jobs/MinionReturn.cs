using System.Text;
using Saltern.Simulator.Functions;

namespace Saltern.Simulator.Jobs;

/// <summary>The texts of a return: as it travels, and as a minion keeps it.</summary>
internal static class MinionReturn
{
    public static string Full(Publication publication, string id, FunctionResult result, string stamp)
    {
        StringBuilder text = new(result.Value.Length + publication.ReturnTail.Length + 160);
        text.Append("{\"cmd\":\"_return\",\"id\":").Append(Json.Quote(id)).Append(',');
        AppendResult(text, publication, result);
        return text.Append(",\"_stamp\":\"").Append(stamp).Append("\"}").ToString();
    }

    public static string Cached(Publication publication, FunctionResult result)
    {
        StringBuilder text = new("{");
        AppendResult(text, publication, result);
        return text.Append('}').ToString();
    }

    private static void AppendResult(StringBuilder text, Publication publication, FunctionResult result)
    {
        text.Append("\"success\":").Append(result.Retcode == 0 ? "true" : "false")
            .Append(",\"return\":").Append(result.Value)
            .Append(",\"retcode\":").Append(result.Retcode)
            .Append(',').Append(publication.ReturnTail);
        if (result.Out is not null)
        {
            text.Append(",\"out\":\"").Append(result.Out).Append('"');
        }
    }
}
