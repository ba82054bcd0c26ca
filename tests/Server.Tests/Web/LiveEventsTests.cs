using System.Threading.Channels;
using Saltern.Rig;
using Saltern.Server.Changes;
using Saltern.Server.Web;
using Xunit;

namespace Saltern.Server.Tests.Web;

public sealed class LiveEventsTests
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    private readonly TestClock clock = new();
    private readonly Channel<ChangeEvent?> changes = Channel.CreateUnbounded<ChangeEvent?>();

    [Fact]
    public async Task The_first_change_is_told_at_once_and_those_within_the_pace_are_one()
    {
        await using var told = Told();
        changes.Writer.TryWrite(new ChangeEvent.Reload());
        Assert.True(await told.MoveNextAsync());

        var next = told.MoveNextAsync().AsTask();
        for (var i = 0; i < 100; i++)
        {
            changes.Writer.TryWrite(new ChangeEvent.Reload());
        }

        await UntilAsync(() => clock.WaitingTimers > 0 && changes.Reader.Count == 0);
        Assert.False(next.IsCompleted);
        clock.Advance(Pace);
        Assert.True(await next);
        Assert.Equal(LiveEvents.Changed, told.Current.EventType);

        next = told.MoveNextAsync().AsTask();
        await UntilAsync(() => clock.WaitingTimers > 0);
        clock.Advance(Pace);
        changes.Writer.Complete();
        Assert.False(await next);
    }

    [Fact]
    public async Task A_quiet_stream_is_kept_alive_and_a_change_after_quiet_is_told_at_once()
    {
        await using var told = Told();
        changes.Writer.TryWrite(null);
        Assert.True(await told.MoveNextAsync());
        Assert.Equal("alive", told.Current.EventType);
        changes.Writer.TryWrite(new ChangeEvent.Reload());
        Assert.True(await told.MoveNextAsync());
        Assert.Equal(LiveEvents.Changed, told.Current.EventType);
        changes.Writer.Complete();
        clock.Advance(Pace);
        Assert.False(await told.MoveNextAsync());
    }

    private IAsyncEnumerator<System.Net.ServerSentEvents.SseItem<string>> Told() =>
        LiveEvents.PaceAsync(changes.Reader.ReadAllAsync(), Pace, clock, CancellationToken.None).GetAsyncEnumerator();

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 1_000 && !holds(); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        Assert.True(holds());
    }
}
