using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saltern.Contract;
using Saltern.Server.Access;
using Saltern.Server.Web.Actions;
using Saltern.Server.Web.Migrations;
using Saltern.Server.Web.MinionGroups;
using Saltern.Server.Web.Minions;
using Saltern.Server.Web.Overview;
using Saltern.Server.Web.Refusals;
using Saltern.Server.Web.Schedule;
using Saltern.Server.Web.SignIn;
using Saltern.Server.Web.Targets;

namespace Saltern.Server.Web;

/// <summary>
/// The console: pages rendered on the server, parts of which a browser fetches again when it is told that something
/// changed. It translates between a browser and the slices, and decides nothing.
/// </summary>
internal static class WebRegistration
{
    public static IServiceCollection AddWeb(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddSingleton<EmbeddedAssets>();
        services.AddSingleton<Notices>();
        services.AddSingleton<OverviewCounts>();
        services.AddDataProtection().SetApplicationName("Saltern");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>, KeysInDatabase>();
        services.AddAuthentication().AddCookie(ConsoleAccess.SchemeName);
        services.AddSingleton<IConfigureOptions<CookieAuthenticationOptions>, ConsoleCookie>();
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "saltern-form";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.SuppressXFrameOptionsHeader = true; // SecurityHeaders says DENY.
        });
        // Only the files that the build brought are compressed: a page that holds both a secret and what somebody else
        // wrote would tell the secret by its length.
        services.AddResponseCompression(options =>
        {
            options.EnableForHttps = true;
            options.MimeTypes = ["text/css", "text/javascript", "image/svg+xml"];
        });
        services.AddExceptionHandler<PageRefusals>();
        var authorization = services.AddAuthorizationBuilder();
        authorization.AddPolicy(ConsoleAccess.SignedIn, policy => policy
            .AddAuthenticationSchemes(ConsoleAccess.SchemeName).RequireAuthenticatedUser());
        foreach (var permission in PermissionNames.All)
        {
            authorization.AddPolicy(ConsoleAccess.PolicyFor(permission), policy => policy
                .AddAuthenticationSchemes(ConsoleAccess.SchemeName)
                .RequireAuthenticatedUser()
                .AddRequirements(new PermissionRequirement(permission)));
        }

        return services;
    }

    /// <summary>What stands before the endpoints: headers for every answer, files, and pages for refusals.</summary>
    public static void UseWeb(this WebApplication application)
    {
        application.Use(SecurityHeaders.AddAsync);
        application.UseResponseCompression();
        application.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = application.Services.GetRequiredService<EmbeddedAssets>(),
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl =
                file.Context.Request.Query.ContainsKey("v") ? "public, max-age=31536000, immutable" : "no-cache",
        });
        application.UseWhen(
            context => PageRefusals.IsPage(context.Request), pages => pages.UseStatusCodePages(PageRefusals.ShowAsync));
    }

    public static void MapWeb(this WebApplication application)
    {
        var pages = application.MapGroup("").ExcludeFromDescription();
        SignInPages.Map(pages);
        OverviewPages.Map(pages);
        ActionListPages.Map(pages);
        SchedulePages.Map(pages);
        ActionPages.Map(pages);
        TargetPages.Map(pages);
        MigrationPages.Map(pages);
        MinionPages.Map(pages);
        GroupPages.Map(pages);
        GroupFormPages.Map(pages);
        LiveEvents.Map(pages);
    }
}
