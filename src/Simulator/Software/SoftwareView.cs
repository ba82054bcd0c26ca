namespace Saltern.Simulator.Software;

/// <summary>
/// What a minion really has, the runs that it really made, and when channels were really set, each oldest first.
/// </summary>
public sealed record SoftwareView(
    IReadOnlyList<SimulatedProduct> Products,
    IReadOnlyList<SimulatedRepository> Repositories,
    DupSetting Dup,
    IReadOnlyList<DupRunView> Runs,
    IReadOnlyList<ChannelSettingView> ChannelsSet);
