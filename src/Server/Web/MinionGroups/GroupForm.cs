using Microsoft.AspNetCore.Http;
using Saltern.Contract;

namespace Saltern.Server.Web.MinionGroups;

/// <summary>What somebody has written about a group so far, and what was wrong with it.</summary>
public sealed record GroupForm
{
    public string Name { get; init; } = "";

    /// <summary>By a rule; else by hand.</summary>
    public bool ByRule { get; init; }

    public string Rule { get; init; } = "";

    public string Minions { get; init; } = "";

    public string Domain { get; init; } = "";

    /// <summary>The field, and what is wrong there.</summary>
    public IReadOnlyList<(string Field, string Message)> Errors { get; init; } = [];

    /// <summary>The rule as it is to be kept: null for a group by hand, "" where one is missing.</summary>
    public string? RuleToKeep => ByRule ? Rule : null;

    public static GroupForm From(IFormCollection form) => new()
    {
        Name = form["name"].ToString().Trim(),
        ByRule = form["way"] == "rule",
        Rule = form["rule"].ToString().Trim(),
        Minions = form["minions"].ToString(),
        Domain = form["domain"].ToString().Trim(),
    };

    public static GroupForm Of(GroupSummary group) => new()
    {
        Name = group.Name,
        ByRule = group.Rule is not null,
        Rule = group.Rule ?? "",
    };

    public IEnumerable<string> ErrorsOf(string field) =>
        Errors.Where(error => error.Field == field).Select(error => error.Message);
}
