using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace Saltern.Server.Web;

/// <summary>
/// One sentence for the page after a form: it travels in a cookie that only we can write and that is gone once shown,
/// so that reloading the page sends no form again.
/// </summary>
internal sealed class Notices(IDataProtectionProvider protection)
{
    private const string CookieName = "saltern-notice";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly ITimeLimitedDataProtector protector =
        protection.CreateProtector("Saltern.Console.Notice").ToTimeLimitedDataProtector();

    public void Leave(HttpContext context, string sentence) => context.Response.Cookies.Append(
        CookieName, protector.Protect(sentence, Lifetime), Options(context));

    /// <summary>The sentence for the page of this request; a part that an open page asks for takes none away.</summary>
    public string? Take(HttpContext context)
    {
        if (context.Request.Headers.ContainsKey("HX-Request") || context.Request.Cookies[CookieName] is not { } text)
        {
            return null;
        }

        context.Response.Cookies.Delete(CookieName, Options(context));
        try
        {
            return protector.Unprotect(text);
        }
        catch (CryptographicException)
        {
            // Not ours, or too old: there is nothing to say.
            return null;
        }
    }

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
    };
}
