using System.Text;
using System.Text.Json.Nodes;

namespace Saltern.Simulator.Runners;

/// <summary>
/// The answer of a runner is an event, and Salt cuts one that is larger than <c>max_event_size</c>: in turns, texts of
/// more than 50, 40, … 10 % of it are replaced until the rest fits; what lies in lists stays, and what is too large
/// then goes as it is. Source: salt.utils.dicttrim. Sizes here are those of JSON and not of msgpack, which is close.
/// </summary>
internal static class EventTrim
{
    private const int MaxEventSize = 1024 * 1024;
    private const string Mark = "VALUE_TRIMMED";

    public static JsonObject Apply(JsonObject answer)
    {
        for (int percent = 50; percent > 0 && SizeOf(answer) > MaxEventSize; percent -= 10)
        {
            Trim(answer, MaxEventSize / 100 * percent);
        }

        return answer;
    }

    private static void Trim(JsonObject data, int longest)
    {
        foreach ((string key, JsonNode? value) in data.ToArray())
        {
            if (value is JsonObject inner)
            {
                Trim(inner, longest);
            }
            else if (value is JsonValue one && one.TryGetValue(out string? text) && text.Length > longest)
            {
                data[key] = Mark;
            }
        }
    }

    private static int SizeOf(JsonObject data) => Encoding.UTF8.GetByteCount(data.ToJsonString());
}
