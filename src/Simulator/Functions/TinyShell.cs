using System.Globalization;
using System.Text;
using Saltern.Simulator.Minions;

namespace Saltern.Simulator.Functions;

/// <summary>
/// A shell that understands just enough for scripted actions: echo, printf, sleep, exit, cat of a few files, true,
/// false, hostname, uname, <c>&gt;&amp;2</c>, separated by lines, <c>;</c> and <c>&amp;&amp;</c>. Anything else is a
/// command not found (127).
/// </summary>
internal sealed class TinyShell(FunctionCall call)
{
    private readonly StringBuilder stdout = new();
    private readonly StringBuilder stderr = new();
    private readonly StringBuilder both = new();
    private double seconds;
    private int status;
    private bool stopAtFailure;

    public static ShellRun Run(FunctionCall call, string script)
    {
        TinyShell shell = new(call);
        shell.RunScript(script);
        return new ShellRun(
            shell.stdout.ToString().TrimEnd('\n'),
            shell.stderr.ToString().TrimEnd('\n'),
            shell.both.ToString().TrimEnd('\n'),
            shell.status,
            TimeSpan.FromSeconds(Math.Min(shell.seconds, TimeSpan.FromDays(30).TotalSeconds)));
    }

    private void RunScript(string script)
    {
        foreach (string line in script.Split('\n'))
        {
            string trimmed = line.Trim();
            if (trimmed.Length > 0 && trimmed[0] != '#' && !RunLine(trimmed))
            {
                return;
            }
        }
    }

    // False when the script ends here.
    private bool RunLine(string line)
    {
        foreach (string statement in SplitOutsideQuotes(line, ';'))
        {
            foreach (string command in SplitOutsideQuotes(statement, '&'))
            {
                if (command.Length > 0 && !RunCommand(command))
                {
                    return false;
                }

                if (status != 0)
                {
                    break;
                }
            }

            if (status != 0 && stopAtFailure)
            {
                return false;
            }
        }

        return true;
    }

    private bool RunCommand(string command)
    {
        List<string> words = Words(command);
        bool toStderr = words.Remove(">&2") | words.Remove("1>&2");
        string rest = string.Join(' ', words.Skip(1));
        status = 0;
        switch (words.FirstOrDefault())
        {
            case null or ":" or "true" or "export" or "cd" or "mkdir" or "touch" or "chmod" or "logger":
                return true;
            case "set":
                stopAtFailure |= rest.StartsWith("-e", StringComparison.Ordinal);
                return true;
            case "exit":
                status = (int)NumberOf(rest) & 255;
                return false;
            case "false":
                status = 1;
                return true;
            case "sleep":
                seconds += Math.Max(0, NumberOf(rest));
                return true;
            case "echo":
                Print(rest + "\n", toStderr);
                return true;
            case "printf":
                Print(Unescape(words.ElementAtOrDefault(1) ?? ""), toStderr);
                return true;
            default:
                RunProgram(words, rest);
                return true;
        }
    }

    private void RunProgram(List<string> words, string rest)
    {
        Distribution os = Distribution.Of(call.Minion);
        string? output = words[0] switch
        {
            "hostname" => call.Id,
            "uname" => rest == "-r" ? os.Kernel : "Linux",
            "whoami" => "root",
            "id" => "uid=0(root) gid=0(root) groups=0(root)",
            "date" => call.Now.UtcDateTime.ToString("ddd MMM d HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture),
            "cat" or "/bin/cat" => SystemFunctions.ReadFile(call, rest),
            _ => null,
        };
        if (output is not null)
        {
            Print(output.TrimEnd('\n') + "\n", toStderr: false);
            return;
        }

        bool isCat = words[0] is "cat" or "/bin/cat";
        status = isCat ? 1 : 127;
        Print(
            isCat ? $"cat: {rest}: No such file or directory\n" : $"/bin/sh: 1: {words[0]}: not found\n",
            toStderr: true);
    }

    private void Print(string text, bool toStderr)
    {
        (toStderr ? stderr : stdout).Append(text);
        both.Append(text);
    }

    private static double NumberOf(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out double number) ? number : 0;

    private static IEnumerable<string> SplitOutsideQuotes(string line, char separator)
    {
        StringBuilder part = new();
        char quote = '\0';
        for (int place = 0; place < line.Length; place++)
        {
            char letter = line[place];
            quote = letter is '"' or '\'' ? NextQuote(quote, letter) : quote;
            bool redirects = place > 0 && line[place - 1] == '>';
            if (quote == '\0' && letter == separator && !redirects)
            {
                yield return part.ToString().Trim();
                part.Clear();
                continue;
            }

            part.Append(letter);
        }

        yield return part.ToString().Trim();
    }

    private static char NextQuote(char quote, char letter) => quote == '\0' ? letter : quote == letter ? '\0' : quote;

    private static List<string> Words(string command)
    {
        List<string> words = [];
        StringBuilder word = new();
        char quote = '\0';
        bool any = false;
        foreach (char letter in command)
        {
            if (letter is '"' or '\'' && NextQuote(quote, letter) is char next && next != quote)
            {
                quote = next;
                any = true;
            }
            else if (char.IsWhiteSpace(letter) && quote == '\0')
            {
                Finish();
            }
            else
            {
                word.Append(letter);
                any = true;
            }
        }

        Finish();
        return words;

        void Finish()
        {
            if (any)
            {
                words.Add(word.ToString());
            }

            word.Clear();
            any = false;
        }
    }

    // Escapes are octal bytes of UTF-8; what is no UTF-8 becomes the replacement character, as in Salt.
    private static string Unescape(string text)
    {
        List<byte> bytes = [];
        for (int place = 0; place < text.Length; place++)
        {
            if (text[place] != '\\' || place + 1 == text.Length)
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, place, 1));
                continue;
            }

            char kind = text[++place];
            if (kind is >= '0' and <= '7')
            {
                int digits = text.Skip(place).Take(3).TakeWhile(digit => digit is >= '0' and <= '7').Count();
                bytes.Add((byte)Convert.ToInt32(text.Substring(place, digits), 8));
                place += digits - 1;
                continue;
            }

            bytes.Add((byte)(kind switch { 'n' => '\n', 't' => '\t', 'r' => '\r', _ => kind }));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
