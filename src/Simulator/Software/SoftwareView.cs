namespace Saltern.Simulator.Software;

/// <summary>What a minion really has, and the runs that it really made, oldest first.</summary>
public sealed record SoftwareView(
    IReadOnlyList<SimulatedProduct> Products,
    IReadOnlyList<SimulatedRepository> Repositories,
    DupSetting Dup,
    IReadOnlyList<DupRunView> Runs);
