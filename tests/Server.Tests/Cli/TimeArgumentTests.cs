using Saltern.Cli.Client;

namespace Saltern.Server.Tests.Cli;

public sealed class TimeArgumentTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("2026-03-29T01:59", "2026-03-29T00:59Z")]
    [InlineData("2026-03-29 03:00", "2026-03-29T01:00Z")]
    [InlineData("2026-10-25T03:00", "2026-10-25T02:00Z")]
    [InlineData("2026-10-25T02:30+02:00", "2026-10-25T00:30Z")]
    [InlineData("2026-10-25T02:30:00+01:00", "2026-10-25T01:30Z")]
    [InlineData("2026-03-29T02:30Z", "2026-03-29T02:30Z")]
    public void A_time_is_one_moment(string text, string moment)
    {
        var (time, problem) = TimeArgument.Read(text, Berlin);

        Assert.Null(problem);
        Assert.Equal(DateTimeOffset.Parse(moment), time);
    }

    [Theory]
    [InlineData("2026-03-29T02:30", "There is no '2026-03-29T02:30' in Europe/Berlin")]
    [InlineData("2026-10-25T02:30", "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00")]
    [InlineData("soon", "is not a time")]
    public void A_time_that_is_no_moment_or_two_is_refused(string text, string says)
    {
        var (time, problem) = TimeArgument.Read(text, Berlin);

        Assert.Null(time);
        Assert.Contains(says, problem, StringComparison.Ordinal);
    }
}
