namespace Saltern.Server.Web.Targets;

/// <summary>One state of a state run, as a line of a table.</summary>
internal sealed record StateLine(
    int Place, string Id, string Function, string Outcome, string Comment, string? Changes, string Duration);
