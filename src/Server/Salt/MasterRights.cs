using System.Text.Json;
using System.Text.RegularExpressions;

namespace Saltern.Server.Salt;

/// <summary>
/// What external_auth lets our user do, as the answer to a login lists it: <c>perms</c> has regular expressions of
/// functions, <c>@runner</c> and <c>@wheel</c> for all of one kind, and objects that name some of it
/// (<c>{"@runner": ["jobs.active"]}</c>). Salt matches at the beginning. Objects for some minions alone count as
/// rights: whom they leave out cannot be told from here.
/// </summary>
internal sealed class MasterRights
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly List<(string Client, string Pattern)> listed = [];

    private MasterRights()
    {
    }

    /// <summary>Null where the master did not say.</summary>
    public static MasterRights? Of(JsonElement perms)
    {
        if (perms.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object))
        {
            return null;
        }

        var rights = new MasterRights();
        rights.Add(perms);
        return rights;
    }

    /// <summary>Whether a function may be called; runner and wheel functions as <c>@runner jobs.active</c>.</summary>
    public bool Allows(string function)
    {
        var (client, name) = function.Split(' ') is [var at, var rest] ? (at, rest) : ("", function);
        return listed.Any(one => one.Client == client && Matches(one.Pattern, name));
    }

    private void Add(JsonElement perms)
    {
        if (perms.ValueKind is JsonValueKind.Object)
        {
            foreach (var some in perms.EnumerateObject())
            {
                AddEach(some.Name.StartsWith('@') ? some.Name : "", some.Value);
            }

            return;
        }

        foreach (var entry in perms.EnumerateArray())
        {
            switch (entry.ValueKind)
            {
                case JsonValueKind.Object:
                    Add(entry);
                    break;
                case JsonValueKind.String when entry.GetString()! is ['@', ..] all:
                    listed.Add((all, ".*"));
                    break;
                case JsonValueKind.String:
                    listed.Add(("", entry.GetString()!));
                    break;
            }
        }
    }

    private void AddEach(string client, JsonElement functions)
    {
        foreach (var one in functions.ValueKind is JsonValueKind.Array ? functions.EnumerateArray() : default)
        {
            if (one.ValueKind is JsonValueKind.String)
            {
                listed.Add((client, one.GetString()!));
            }
            else if (one.ValueKind is JsonValueKind.Object)
            {
                // A function with conditions on its arguments.
                listed.AddRange(one.EnumerateObject().Select(conditional => (client, conditional.Name)));
            }
        }
    }

    private static bool Matches(string pattern, string name)
    {
        try
        {
            return Regex.IsMatch(name, $@"\A(?:{pattern})", RegexOptions.CultureInvariant, Patience);
        }
        catch (Exception error) when (error is ArgumentException or RegexMatchTimeoutException)
        {
            // Python may read what .NET cannot; then nothing is known, and nobody is blamed.
            return true;
        }
    }
}
