namespace Saltern.Server.Actions.Kinds;

/// <summary>
/// The report Salt appends to the error of a command it ran: "Problem encountered upgrading packages. Additional
/// info follows:" and then an indented outline of changes, errors and the command's result. The outline is text for a
/// terminal and no format, so it is searched for what it may hold and nothing is expected of it.
/// </summary>
/// <param name="Headline">What Salt was doing.</param>
/// <param name="Detail">The line that says why it failed; empty when none does.</param>
/// <param name="Changed">How many packages had changed by then.</param>
internal sealed record CommandReport(string Headline, string Detail, int Changed)
{
    private const string Marker = "Additional info follows:";

    public string Reason
    {
        get
        {
            var changed = Changed == 0 ? "" : $" ({ReasonText.Number(Changed, "package")} changed before that)";
            return Detail.Length == 0 ? $"{Headline}{changed}" : $"{Headline}: {Detail}{changed}";
        }
    }

    public static CommandReport? TryRead(string text)
    {
        var at = text.IndexOf(Marker, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }
        var headline = ReasonText.LastLine(text[..at]).TrimEnd('.', ' ');
        var sections = new Sections(text[(at + Marker.Length)..]);
        return new CommandReport(headline, sections.Detail, sections.Changed);
    }

    /// <summary>One pass over the outline, which notes the lines that matter under their headings.</summary>
    private sealed class Sections
    {
        private string heading = "";
        private string subheading = "";
        private string problem = "";
        private string errors = "";
        private string complaint = "";
        private string output = "";

        public Sections(string outline)
        {
            foreach (var line in outline.Split('\n'))
            {
                Note(line.TrimEnd());
            }
        }

        public int Changed { get; private set; }

        /// <summary>A solver's problem says more than its stderr, that more than its last output.</summary>
        public string Detail =>
            new[] { problem, errors, complaint, output }.FirstOrDefault(line => line.Length > 0, "");

        private void Note(string line)
        {
            var text = line.Trim();
            if (text.Length == 0 || text.All(character => character == '-'))
            {
                return;
            }
            var indent = line.Length - line.TrimStart().Length;
            if (indent == 0)
            {
                (heading, subheading) = (text, "");
            }
            else if (heading == "changes:")
            {
                Changed += indent == 4 && text.EndsWith(':') ? 1 : 0;
            }
            else if (heading == "errors:")
            {
                errors = errors.Length == 0 ? text.TrimStart('-', ' ', '|') : errors;
            }
            else if (indent == 4)
            {
                subheading = text;
            }
            else
            {
                NoteOutput(text);
            }
        }

        private void NoteOutput(string text)
        {
            if (problem.Length == 0 && text.StartsWith("Problem:", StringComparison.Ordinal))
            {
                problem = text;
            }
            if (subheading == "stderr:" && complaint.Length == 0)
            {
                complaint = text;
            }
            if (subheading == "stdout:")
            {
                output = text;
            }
        }
    }
}
