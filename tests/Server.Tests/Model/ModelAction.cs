namespace Saltern.Server.Tests.Model;

/// <summary>An action as the model knows it.</summary>
internal sealed class ModelAction
{
    public required long Id { get; init; }

    public required bool Exclusive { get; init; }

    public required int? BatchSize { get; init; }

    public required DateTimeOffset EarliestAt { get; set; }

    public required DateTimeOffset ExpiresAt { get; set; }

    public required TimeSpan Deadline { get; init; }

    public SortedDictionary<int, ModelTarget> Targets { get; } = [];

    public int InFlight => Targets.Values.Count(target => target.Status == "PickedUp");
}
