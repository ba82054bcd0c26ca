using System.Text.Json;

namespace Saltern.Server.Actions.Kinds;

/// <summary>A kind whose arguments are read into a record of their own by the same code that checks them.</summary>
internal abstract class KindWithArguments<TArguments> : ActionKind
    where TArguments : class
{
    /// <summary>The names of all arguments; any other is refused.</summary>
    protected abstract IReadOnlyList<string> ArgumentNames { get; }

    public sealed override IReadOnlyList<ArgumentError> Validate(JsonElement arguments)
    {
        var reader = new ArgumentReader(arguments, ArgumentNames);
        Take(reader);
        return reader.Errors;
    }

    /// <summary>Reads the arguments and says to the reader what is wrong with them.</summary>
    protected abstract TArguments Take(ArgumentReader reader);

    /// <summary>The arguments as far as they can be read: what is returned is told even if they are odd.</summary>
    protected TArguments Readable(JsonElement arguments) => Take(new ArgumentReader(arguments, ArgumentNames));

    /// <summary>Arguments that <see cref="Validate"/> found nothing wrong with.</summary>
    protected TArguments Valid(JsonElement arguments)
    {
        var reader = new ArgumentReader(arguments, ArgumentNames);
        var taken = Take(reader);
        return reader.Errors.Count == 0
            ? taken
            : throw new InvalidOperationException($"{Name} was given bad arguments: {reader.Errors[0].Message}");
    }
}
