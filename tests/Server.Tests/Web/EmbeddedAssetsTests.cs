using Saltern.Server.Web;

namespace Saltern.Server.Tests.Web;

public sealed class EmbeddedAssetsTests
{
    private readonly EmbeddedAssets assets = new();

    [Theory]
    [InlineData("/lib/tabler.min.css", "Tabler")]
    [InlineData("/console.css", "--s-completed")]
    [InlineData("/console.js", "times in the browser's zone")]
    [InlineData("/lib/htmx.min.js", "htmx")]
    [InlineData("/lib/hx-sse.min.js", "sse")]
    public async Task What_the_pages_load_is_in_the_program(string path, string expected)
    {
        var file = assets.GetFileInfo(path);
        Assert.True(file.Exists, path);
        using var reader = new StreamReader(file.CreateReadStream());
        var text = await reader.ReadToEndAsync();
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Equal(file.Length, System.Text.Encoding.UTF8.GetByteCount(text));
    }

    [Theory]
    [InlineData("/lib/../../Saltern.Server.Database.Schema.0001_job_cache.sql")]
    [InlineData("/lib")]
    [InlineData("/none.js")]
    public void Anything_else_is_not_found(string path) => Assert.False(assets.GetFileInfo(path).Exists);
}
