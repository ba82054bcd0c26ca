namespace Saltern.Contract;

/// <summary>The types of event in the stream of <c>GET /api/v1/events</c>.</summary>
public static class ChangeEventNames
{
    /// <summary>An action changed; carries an <see cref="ActionChanged"/>.</summary>
    public const string Action = "action";

    /// <summary>Targets of an action changed; carries a <see cref="TargetsChanged"/>.</summary>
    public const string Targets = "targets";

    /// <summary>
    /// Something may have been missed: read again what is shown. Also the first event of each stream.
    /// </summary>
    public const string Reload = "reload";

    /// <summary>Nothing happened; it only keeps the connection.</summary>
    public const string Alive = "alive";
}
