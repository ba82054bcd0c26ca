namespace Saltern.Server.Web.Schedule;

/// <summary>One argument of a kind of action, as a field of the form.</summary>
public sealed record FormField(string Name, string Label, FieldShape Shape, string Hint = "", string Example = "")
{
    /// <summary>The field's name is the path by which an error names the argument.</summary>
    public string Path => $"arguments.{Name}";
}
