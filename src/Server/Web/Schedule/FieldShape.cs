namespace Saltern.Server.Web.Schedule;

/// <summary>How an argument is written into a form, and what becomes of it in the order.</summary>
public enum FieldShape
{
    /// <summary>One line; a text.</summary>
    Line,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>Words between spaces, commas or line ends; a list of texts.</summary>
    Words,

    /// <summary>One text on each line; a list of texts, each as it is written.</summary>
    Lines,

    /// <summary>Names with or without <c>=version</c>; a list as <c>package.install</c> takes it.</summary>
    Packages,

    /// <summary>Text of many lines, kept as it is.</summary>
    Script,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>A box to tick: true, or left out.</summary>
    Tick,

    /// <summary>A box ticked from the start: false when it is not, or left out.</summary>
    TickedTick,
}
