using Saltern.Server.Database;
using Xunit;

namespace Saltern.Server.Tests.Database;

public sealed class PacedReadTests
{
    [Fact]
    public async Task Many_who_ask_share_a_reading_and_who_asks_later_gets_a_later_one()
    {
        var readings = 0;
        var paced = new PacedRead<int>(
            _ => Task.FromResult(Interlocked.Increment(ref readings)), TimeSpan.FromMilliseconds(200),
            TimeProvider.System);

        Assert.Equal(1, await paced.AskAsync(CancellationToken.None));
        var later = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => paced.AskAsync(CancellationToken.None)));
        Assert.All(later, seen => Assert.Equal(2, seen));
        Assert.Equal(3, await paced.AskAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_reading_that_fails_fails_those_who_asked_and_nobody_later()
    {
        var fails = true;
        var paced = new PacedRead<int>(
            _ => fails ? throw new InvalidOperationException("away") : Task.FromResult(7), TimeSpan.Zero,
            TimeProvider.System);

        await Assert.ThrowsAsync<InvalidOperationException>(() => paced.AskAsync(CancellationToken.None));
        fails = false;
        Assert.Equal(7, await paced.AskAsync(CancellationToken.None));
    }
}
