using Xunit.Sdk;
using Xunit.v3;

namespace Saltern.Server.Tests;

/// <summary>
/// Begins with the classes that take longest, so that none of them runs alone at the end. xUnit takes the first of the
/// list, as many as run at a time, and then goes on from its end: there stand the others, the longest last.
/// </summary>
internal sealed class LongOnesFirst : ITestCollectionOrderer
{
    private static readonly string[] First = [nameof(WholeServer.MainJobTests), nameof(Chaos.ChaosTests)];

    private static readonly string[] Next =
    [
        nameof(Zypper.ZypperTests), nameof(WholeServer.MigrationCrashTests),
        nameof(WholeServer.MigrationOnSimulatorTests), nameof(Model.StateMachineTests),
        nameof(WholeServer.DatabaseAwayTests), nameof(Returner.ReturnerOutageTests), nameof(WholeServer.WatchRunTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName))];

    private static int Place(string name)
    {
        var first = Array.FindIndex(First, Names);
        var next = Array.FindIndex(Next, Names);
        return first >= 0 ? first : First.Length + (next < 0 ? 0 : Next.Length - next);

        bool Names(string one) => name.Contains($".{one} ", StringComparison.Ordinal);
    }
}
