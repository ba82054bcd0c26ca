using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;

namespace Saltern.Server.Web.Schedule;

/// <summary>
/// Turns the form into an order. Only what cannot be written into an order at all is an error here (a number that is
/// none, JSON that is none); everything else is for the kind and for <see cref="Scheduling"/> to judge.
/// </summary>
internal sealed class FormReading(ScheduleForm form)
{
    private static readonly char[] BetweenWords = [' ', ',', '\t', '\r', '\n'];

    private readonly List<(string Path, string Message)> errors = [];

    /// <summary>The order, or null and what is wrong.</summary>
    public static (ActionOrder? Order, IReadOnlyList<(string Path, string Message)> Errors) Read(ScheduleForm form)
    {
        var reading = new FormReading(form);
        var order = reading.Order();
        return reading.errors.Count == 0 ? (order, []) : (null, reading.errors);
    }

    private ActionOrder Order()
    {
        var (size, percent) = Batch();
        return new ActionOrder
        {
            Kind = form.Kind,
            Arguments = Arguments(),
            Target = Target(),
            Description = Optional("description"),
            EarliestAt = Time("earliestAt"),
            ExpiresAt = Time("expiresAt"),
            BatchSize = size,
            BatchPercent = percent,
            DeadlineSeconds = Number("deadlineSeconds"),
            ResolveAtStart = form.Values.ContainsKey("resolveAtStart"),
        };
    }

    private JsonElement Arguments()
    {
        var arguments = new JsonObject();
        foreach (var field in KindForm.Of(form.Kind).Fields)
        {
            var value = ValueOf(field);
            if (field.Name.Length == 0)
            {
                return value is null ? JsonElement.Parse("{}") : JsonElement.Parse(value.ToJsonString());
            }

            if (value is not null)
            {
                arguments[field.Name] = value;
            }
        }

        return JsonElement.Parse(arguments.ToJsonString());
    }

    private JsonNode? ValueOf(FormField field)
    {
        var text = form.Text(field.Path);
        return field.Shape switch
        {
            FieldShape.Tick => form.IsTicked(field) ? JsonValue.Create(true) : null,
            FieldShape.TickedTick => form.IsTicked(field) ? null : JsonValue.Create(false),
            _ when string.IsNullOrWhiteSpace(text) => null,
            FieldShape.Number => Number(field.Path) is { } number ? JsonValue.Create(number) : null,
            FieldShape.Words => List(Words(text)),
            FieldShape.Lines => List(text.ReplaceLineEndings("\n").Trim('\n').Split('\n')),
            FieldShape.Packages => new JsonArray([.. Words(text).Select(Package)]),
            // Browsers send line ends as CR LF; an interpreter would look for "bash\r".
            FieldShape.Script => JsonValue.Create(text.ReplaceLineEndings("\n")),
            FieldShape.Json => Json(field.Path, text),
            _ => JsonValue.Create(text.Trim()),
        };
    }

    private TargetSelection Target()
    {
        var domain = Optional("target.keyDomain");
        var text = form.Text($"target.{form.Way}").Trim();
        return form.Way switch
        {
            "minions" => new TargetSelection { Minions = Words(text), KeyDomain = domain },
            "group" => new TargetSelection { Group = text, KeyDomain = domain },
            "grain" => new TargetSelection { Grain = text, KeyDomain = domain },
            "compound" => new TargetSelection { Compound = text, KeyDomain = domain },
            _ => new TargetSelection { Glob = text, KeyDomain = domain },
        };
    }

    private (int? Size, int? Percent) Batch()
    {
        var text = form.Text("batchSize").Trim();
        if (text.Length == 0)
        {
            return (null, null);
        }

        if (!int.TryParse(text.TrimEnd('%', ' '), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            errors.Add(("batchSize", $"'{text}' is neither a number of targets nor a percentage such as 10%."));
            return (null, null);
        }

        return text.EndsWith('%') ? (null, number) : (number, null);
    }

    /// <summary>The browser adds the time with its zone; without scripts the time that was typed is UTC.</summary>
    private DateTimeOffset? Time(string name)
    {
        var text = form.Text(name).Trim() is { Length: > 0 } exact ? exact : form.Text($"{name}.local").Trim();
        if (text.Length == 0)
        {
            return null;
        }

        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var time))
        {
            return time;
        }

        errors.Add((name, $"'{text}' is not a time such as 2026-03-01T08:00."));
        return null;
    }

    private int? Number(string name)
    {
        var text = form.Text(name).Trim();
        if (text.Length == 0)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        errors.Add((name, $"'{text}' is not a whole number."));
        return null;
    }

    private JsonNode? Json(string path, string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException problem)
        {
            var place = $"line {problem.LineNumber + 1}, character {problem.BytePositionInLine + 1}";
            errors.Add((path, $"This is not JSON ({place})."));
            return null;
        }
    }

    private string? Optional(string name) => form.Text(name).Trim() is { Length: > 0 } text ? text : null;

    private static JsonNode Package(string word) => word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
        && word[at - 1] is not ('<' or '>')
        ? new JsonObject { ["name"] = word[..at], ["version"] = word[(at + 1)..] }
        : JsonValue.Create(word);

    internal static string[] Words(string text) => text.Split(BetweenWords, StringSplitOptions.RemoveEmptyEntries);

    private static JsonArray List(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
