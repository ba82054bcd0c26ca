namespace Saltern.Server.Actions.Kinds;

/// <summary>The arguments of a kind that takes none.</summary>
internal sealed record NoArguments
{
    public static readonly NoArguments Instance = new();
}
