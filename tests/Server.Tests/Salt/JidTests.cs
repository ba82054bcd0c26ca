using FsCheck;
using FsCheck.Fluent;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

public sealed class JidTests
{
    [Fact]
    public void A_jid_is_the_utc_second_the_serial_and_our_tag()
    {
        var noon = new DateTimeOffset(2026, 1, 2, 12, 3, 4, 999, TimeSpan.FromHours(2));

        Assert.Equal("20260102100304000042_s1", Jid.Create(noon, 42).Value);
        Assert.Equal("20260102100304999999_s1", Jid.Create(noon, Jid.MaxSerial).ToString());
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 10, 3, 4, TimeSpan.Zero), Jid.Create(noon, 7).CreatedAt);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1_000_000)]
    public void A_serial_outside_its_six_digits_is_a_mistake(int serial) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Jid.Create(TimeProvider.System.GetUtcNow(), serial));

    [Fact]
    public void Every_jid_that_we_make_is_ours_and_two_serials_never_meet() => Prop.ForAll(
        ArbMap.Default.ArbFor<DateTime>(), Gen.Choose(0, Jid.MaxSerial).Two().ToArbitrary(),
        (time, serials) =>
        {
            var now = new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc));
            var one = Jid.Create(now, serials.Item1);
            return Jid.TryParse(one.Value, out var again) && again == one && Jid.IsOurs(one.Value)
                && one == Jid.Create(now, serials.Item2) == (serials.Item1 == serials.Item2);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("20260102100304000042")]
    [InlineData("20260102100304000042_")]
    [InlineData("20260102100304000042_s2")]
    [InlineData("20260102100304000042_S1")]
    [InlineData("20260102100304000042_s1 ")]
    [InlineData("2026010210030400004_s1")]
    [InlineData("99999999999999999999_s1")]
    [InlineData("20261302100304000042_s1")]
    [InlineData("20260230100304000042_s1")]
    [InlineData("20260102240304000042_s1")]
    [InlineData("00000000000000000345_s1")]
    [InlineData("0a260101000000000001_s1")]
    [InlineData("2026010210030400004٣_s1")]
    [InlineData("20260101000000000001_42")]
    public void Anything_else_is_not_ours(string? text)
    {
        Assert.False(Jid.IsOurs(text));
        Assert.False(Jid.TryParse(text, out var jid));
        Assert.Equal("", jid.Value);
    }
}
