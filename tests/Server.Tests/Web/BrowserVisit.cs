using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;

namespace Saltern.Server.Tests.Web;

/// <summary>
/// One person at the console. Everything the browser complains about is kept: a refused script or style, an error in a
/// script of ours, a file that is not there.
/// </summary>
public sealed class BrowserVisit : IAsyncDisposable
{
    private const string PicturesVariable = "SALTERN_SCREENSHOTS";

    private readonly ConcurrentQueue<string> complaints = [];

    public BrowserVisit(IBrowserContext context, IPage page)
    {
        Context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                complaints.Enqueue(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Enqueue(error);
        page.SetDefaultTimeout(30_000);
    }

    public static bool WantsPictures => Environment.GetEnvironmentVariable(PicturesVariable) is { Length: > 0 };

    public IBrowserContext Context { get; }

    public IPage Page { get; }

    public IReadOnlyList<string> Complaints => [.. complaints];

    public async Task SignInAsync(string token)
    {
        await Page.GotoAsync("/sign-in");
        await Page.GetByLabel("Token").FillAsync(token);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).WaitForAsync();
    }

    /// <summary>Keeps a picture if SALTERN_SCREENSHOTS names a folder, for the papers and for eyes.</summary>
    public async Task PictureAsync(string name, bool whole = true)
    {
        if (WantsPictures)
        {
            var folder = Environment.GetEnvironmentVariable(PicturesVariable)!;
            await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}.png"), FullPage = whole });
        }
    }

    /// <param name="refusals">The statuses of pages that were refused on purpose: a browser complains of each.</param>
    public void AssertNoComplaints(params int[] refusals) => Assert.All(
        Complaints,
        complaint => Assert.Contains(
            refusals, status => complaint.Contains($"the server responded with a status of {status}")));

    public async ValueTask DisposeAsync() => await Context.CloseAsync();
}
