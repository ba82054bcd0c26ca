using Npgsql;

namespace Saltern.Server.Fleet;

/// <summary>What a target selection comes to: a query over the fleet, or the reasons why it cannot be one.</summary>
internal abstract record SelectedMinions
{
    private SelectedMinions()
    {
    }

    /// <summary>
    /// <c>select m.minion_key from minion m where …</c>, to be put into a larger statement. Nothing that a user wrote
    /// is part of the text: it is all in the parameters, which are positional and start where the caller asked.
    /// </summary>
    public sealed record Query(string Sql, IReadOnlyList<NpgsqlParameter> Parameters) : SelectedMinions;

    /// <summary>Everything that is wrong: the path of the argument, and a sentence with what is allowed.</summary>
    public sealed record Refused(IReadOnlyList<(string Argument, string Message)> Errors) : SelectedMinions
    {
        public Refused(string argument, string message)
            : this([(argument, message)])
        {
        }
    }
}
