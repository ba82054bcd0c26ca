using System.Globalization;
using System.Text;
using Saltern.Server.Actions;
using Xunit;
using static Saltern.Server.Tests.Actions.KindsUnderTest;

namespace Saltern.Server.Tests.Actions;

/// <summary>A minion may send anything, and a person may order anything: neither makes a kind throw.</summary>
public sealed class KindsNeverThrowTests
{
    private const int Seeds = 1_000;
    private const int LongestReason = 500;

    // Pieces of what Salt says, so that generated returns come close to the real ones and miss.
    private static readonly string[] Texts =
    [
        "", " ", "\0", "a\nb", "\ud83d", "ERROR: ", "ERROR: x. Additional info follows:\n\nchanges:\n", "Traceback",
        "The function \"state.apply\" is running as PID ", "Unable to run command , reason: ", "é😀",
        "Could not get lock /x", "The minion function caused an exception: ", "Passed invalid arguments to ",
        "'x.y' is not available.", "x : Timed out after 2 seconds", "One or more requisite failed", "#!",
        "#!/usr/bin/env",
    ];

    private static readonly string[] Names =
    [
        "a", "", "\udc00", "m_|-i_|-n_|-f", "result", "comment", "changes", "retcode", "stdout", "stderr", "old", "new",
        "__id__", "__run_num__", "name", "cache_error", "timeout", "osfinger", "function", "script", "packages",
        "states", "arguments", "args", "kwargs", "pillar", "version", "__kwarg__", "timeoutSeconds",
    ];

    [Fact]
    public void Whatever_a_minion_returns_is_read()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(seed);
            var result = Value(random, 0);
            var full = $$"""
                {"retcode":{{Value(random, 9)}},"success":{{Value(random, 9)}},"out":"nested","fun":"a.b",
                 "fun_args":{{Value(random, 2)}},"return":{{result}}}
                """;
            foreach (var kind in All)
            {
                var reason = Reason(kind.Read(Json("""{"function":"cmd.run"}"""), Parsed(full)));
                Assert.True(reason.Length <= LongestReason && !reason.Any(char.IsControl), $"seed {seed}: {reason}");
            }
        }
    }

    [Fact]
    public void Whatever_a_person_orders_is_taken_or_refused()
    {
        var taken = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var arguments = Json(Value(new Random(seed), 0));
            foreach (var kind in All)
            {
                if (kind.Validate(arguments).Count == 0)
                {
                    taken++;
                    _ = kind.BuildCall(arguments).Kwargs.ToJsonString();
                }
                Assert.True(kind.Deadline(arguments) > TimeSpan.Zero);
                _ = kind.SafeToRepeat(arguments);
                _ = Told(kind.Read(arguments, Return("7", 1)));
            }
        }
        Assert.True(taken > 0);
    }

    [Fact]
    public void A_return_of_many_megabytes_gives_a_short_reason()
    {
        var text = new string('x', 8_000_000);
        foreach (var kind in All)
        {
            Assert.True(Reason(kind.Read(Json("{}"), Return($"\"{text}\"", 1))).Length <= LongestReason, kind.Name);
            Assert.True(Reason(kind.Read(Json("{}"), Return($"[\"{text}\"]", 1))).Length <= LongestReason, kind.Name);
        }
    }

    [Fact]
    public void A_return_of_a_thousand_levels_is_read()
    {
        var deep = new string('[', 900) + new string(']', 900);
        Assert.All(All, kind => Assert.NotNull(kind.Read(Json("{}"), Parsed($$"""{"retcode":0,"return":{{deep}}}"""))));
    }

    private static string Reason(TargetOutcome outcome) => outcome switch
    {
        TargetOutcome.Completed completed => completed.Reason ?? "",
        TargetOutcome.Failed failed => failed.Reason,
        TargetOutcome.Busy busy => busy.Reason,
        TargetOutcome.AskLater later => later.Reason,
        _ => throw new InvalidOperationException(),
    };

    private static string Value(Random random, int depth) => random.Next(depth > 3 ? 7 : 12) switch
    {
        0 => "null",
        1 => "true",
        2 => "false",
        3 => random.Next(-3, 200).ToString(CultureInfo.InvariantCulture),
        4 => "1e400",
        5 or 6 => Quoted(Text(random, Texts)),
        7 or 8 => "[" + string.Join(',', Many(random).Select(_ => Value(random, depth + 1))) + "]",
        _ => "{" + string.Join(',', Many(random).Select(_ => Member(random, depth + 1))) + "}",
    };

    private static string Member(Random random, int depth) =>
        $"{Quoted(Names[random.Next(Names.Length)])}:{Value(random, depth)}";

    private static string Text(Random random, string[] from) =>
        string.Concat(Many(random).Select(_ => from[random.Next(from.Length)]));

    private static IEnumerable<int> Many(Random random) => Enumerable.Range(0, random.Next(4));

    // By hand: a serializer would refuse the half pairs that Python writes.
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            quoted.Append(character is >= ' ' and < '\x7f' and not ('"' or '\\')
                ? character.ToString()
                : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"));
        }
        return quoted.Append('"').ToString();
    }
}
