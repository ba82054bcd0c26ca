using System.Net;

namespace Saltern.Server.Fleet;

/// <summary>
/// An expression in the syntax of Salt's compound matcher, as a tree. Precedence is Salt's: <c>not</c> binds tightest,
/// then <c>and</c>, then <c>or</c>. The tree knows no fleet: <see cref="SelectionSql"/> turns it into a condition.
/// </summary>
internal abstract record CompoundExpression
{
    private CompoundExpression()
    {
    }

    /// <summary>A bare word: a glob over minion ids, case-sensitive.</summary>
    public sealed record Glob(string Pattern) : CompoundExpression;

    /// <summary><c>E@</c>: a regular expression that a minion id begins with.</summary>
    public sealed record IdRegex(string Pattern) : CompoundExpression;

    /// <summary><c>L@a,b</c>: these minion ids; those that are not known are passed over, as Salt does.</summary>
    public sealed record Ids(IReadOnlyList<string> MinionIds) : CompoundExpression;

    /// <summary><c>N@name</c>: a group of ours.</summary>
    public sealed record Group(string Name) : CompoundExpression;

    /// <summary>
    /// A group by hand whose members are rows; what becomes of an <c>N@</c> when its group is looked up.
    /// </summary>
    public sealed record MembersOf(GroupId GroupId) : CompoundExpression;

    /// <summary><c>G@</c>: a grain and a glob over its value, not case-sensitive.</summary>
    public sealed record Grain(GrainPath Path) : CompoundExpression;

    /// <summary><c>P@</c>: a grain and a regular expression that its value begins with, not case-sensitive.</summary>
    public sealed record GrainRegex(GrainPath Path) : CompoundExpression;

    /// <summary><c>S@</c>: an address of the minion lies in this network.</summary>
    public sealed record Network(IPNetwork Range) : CompoundExpression;

    public sealed record Not(CompoundExpression Inner) : CompoundExpression;

    public sealed record And(IReadOnlyList<CompoundExpression> Parts) : CompoundExpression;

    public sealed record Or(IReadOnlyList<CompoundExpression> Parts) : CompoundExpression;

    /// <summary>
    /// The tree with each leaf and inner node replaced bottom-up by what <paramref name="change"/> makes of it.
    /// </summary>
    public CompoundExpression Rewrite(Func<CompoundExpression, CompoundExpression> change) => change(this switch
    {
        Not not => new Not(not.Inner.Rewrite(change)),
        And and => new And([.. and.Parts.Select(part => part.Rewrite(change))]),
        Or or => new Or([.. or.Parts.Select(part => part.Rewrite(change))]),
        _ => this,
    });

    /// <summary>Every matcher in the tree.</summary>
    public IEnumerable<CompoundExpression> Leaves() => this switch
    {
        Not not => not.Inner.Leaves(),
        And and => and.Parts.SelectMany(part => part.Leaves()),
        Or or => or.Parts.SelectMany(part => part.Leaves()),
        _ => [this],
    };
}
