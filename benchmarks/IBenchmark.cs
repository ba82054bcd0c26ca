namespace Saltern.Bench;

/// <summary>One kind of work, measured; it checks at its end that the work was really done.</summary>
internal interface IBenchmark
{
    /// <summary>What <c>./bench NAME</c> calls it.</summary>
    string Name { get; }

    /// <summary>What is measured against what, in a sentence.</summary>
    string What { get; }

    Task<IReadOnlyList<Figure>> RunAsync(Ground ground, CancellationToken cancellationToken);
}
