using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Saltern.Contract;

namespace Saltern.Server.Api;

internal static class ApiRegistration
{
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            ContractJson.Apply(json.SerializerOptions);
            // A misspelt member that is ignored is an order that means something else than was written.
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.AllowDuplicateProperties = false;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddProblemDetails();
        services.AddExceptionHandler<RequestRefusals>();
        services.AddOpenApi("v1", ApiDescription.Configure);
        return services;
    }

    /// <summary>
    /// What stands before the endpoints: refusals and empty answers under /api become problem details.
    /// </summary>
    public static void UseApi(this WebApplication application)
    {
        application.UseExceptionHandler();
        application.UseWhen(
            context => context.Request.Path.StartsWithSegments("/api"), api => api.UseStatusCodePages(NameStatusAsync));
    }

    public static void MapApi(this WebApplication application)
    {
        var api = application.MapGroup("/api/v1")
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
        ActionEndpoints.Map(api);
        TargetEndpoints.Map(api);
        KindEndpoints.Map(api);
        MasterEndpoints.Map(api);
        MinionEndpoints.Map(api);
        MinionChannelEndpoints.Map(api);
        GroupEndpoints.Map(api);
        ProductEndpoints.Map(api);
        ChannelEndpoints.Map(api);
        ServicePackEndpoints.Map(api);
        EventEndpoints.Map(api);
        HealthEndpoints.Map(application);
        application.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
    }

    private static Task NameStatusAsync(Microsoft.AspNetCore.Diagnostics.StatusCodeContext context)
    {
        var http = context.HttpContext;
        var problem = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => Problems.NotFound(
                $"There is nothing at {http.Request.Path}; /openapi/v1.json describes what there is."),
            StatusCodes.Status405MethodNotAllowed => Problems.Of(
                405, "Not this way", $"{http.Request.Path} does not take {http.Request.Method}."),
            StatusCodes.Status413PayloadTooLarge => Problems.Of(
                413, "Too large", "The request is larger than this server takes (Listen:MaxRequestBytes)."),
            StatusCodes.Status415UnsupportedMediaType => Problems.Of(
                415, "Not JSON", "Send the body as JSON, with 'Content-Type: application/json'."),
            var status => Problems.Of(status, "Refused", $"{http.Request.Method} {http.Request.Path} was refused."),
        };
        return problem.ExecuteAsync(http);
    }
}
