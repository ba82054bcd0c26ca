using Xunit.Sdk;
using Xunit.v3;

namespace Saltern.Server.Tests;

/// <summary>
/// Begins with the classes that take longest, so that none of them runs alone at the end; the others keep their order.
/// </summary>
internal sealed class LongOnesFirst : ITestCollectionOrderer
{
    private static readonly string[] LongOnes =
    [
        nameof(WholeServer.MainJobTests), nameof(Chaos.ChaosTests), nameof(WholeServer.MigrationCrashTests),
        nameof(WholeServer.MigrationOnSimulatorTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName))];

    private static int Place(string name)
    {
        var place = Array.FindIndex(LongOnes, one => name.Contains($".{one} ", StringComparison.Ordinal));
        return place < 0 ? LongOnes.Length : place;
    }
}
