namespace Saltern.Server.Channels;

/// <summary>All mirrors; of those whose prefix fits, the one with the longest counts.</summary>
internal sealed class ChannelMirrors(IEnumerable<ChannelMirror> mirrors)
{
    private readonly ChannelMirror[] longestFirst = [.. mirrors.OrderByDescending(mirror => mirror.Prefix.Length)];

    public string Apply(string url)
    {
        var mirror = Array.Find(longestFirst, one => url.StartsWith(one.Prefix, StringComparison.Ordinal));
        return mirror is null ? url : mirror.Target + url[mirror.Prefix.Length..];
    }
}
