using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Saltern.Contract;

namespace Saltern.Server.Api;

/// <summary>
/// What /openapi/v1.json says beyond the shapes: what this is, how to sign in, and an example for each body.
/// </summary>
internal static class ApiDescription
{
    private static readonly Dictionary<string, string> Examples = new()
    {
        ["POST /api/v1/actions"] = """
            {"kind":"state.apply","arguments":{"states":["webserver"]},"target":{"glob":"web*"},
             "description":"Friday's roll-out","earliestAt":"2026-03-06T20:00:00Z","batchPercent":10}
            """,
        ["POST /api/v1/actions/{id}/cancel"] = """{"minions":["web1","web2"]}""",
        ["POST /api/v1/actions/{id}/reschedule"] = """{"scope":"failed","earliestAt":"2026-03-07T20:00:00Z"}""",
        ["POST /api/v1/minions/accept"] = """{"minions":["web1","web2"]}""",
        ["POST /api/v1/groups"] = """{"name":"webservers","rule":"G@roles:web and G@os:SUSE"}""",
        ["PUT /api/v1/groups/{name}"] = """{"minions":["web1","web2"]}""",
        ["PUT /api/v1/minions/{id}/channels"] = """
            {"base":"sle-product-sles15-sp5-pool-x86_64","children":["sle-product-sles15-sp5-updates-x86_64"]}
            """,
        ["POST /api/v1/products/import"] = """[{"id":2609,"identifier":"SLES","version":"15.6","arch":"x86_64"}]""",
        ["POST /api/v1/channels/check"] = """{"labels":["leap-15.6-oss-x86_64"]}""",
        ["POST /api/v1/channels/clones"] = """
            {"label":"prod-leap-15.6-oss","original":"leap-15.6-oss-x86_64","family":"prod",
             "url":"https://mirror.example.com/prod/leap-15.6-oss/"}
            """,
        ["PUT /api/v1/channels/mirrors"] = """
            {"mirrors":[{"prefix":"https://updates.suse.com/","target":"https://rmt.example.com/repo/"}]}
            """,
        ["POST /api/v1/servicepack/targets"] = """{"target":{"glob":"web*"},"removeExtensions":false}""",
        ["POST /api/v1/dispatch/pause"] = """{"reason":"The storage is being moved."}""",
    };

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Saltern",
                Version = "v1",
                Description =
                    "Schedules, hands out and tracks actions on fleets of Salt minions. Lists are paged: give "
                    + "'next' of one page as 'after' of the following. Every refusal is an application/problem+json; "
                    + "'errors' names each argument that cannot be, and what is allowed.",
            };
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes["Bearer"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token made by 'saltern token create'. Permissions: "
                    + $"{string.Join(", ", PermissionNames.All)}.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            Describe(operation, context);
            return Task.CompletedTask;
        });
    }

    private static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var permissions = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>()
            .Select(data => data.Policy).OfType<string>().ToList();
        if (permissions.Count > 0)
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement
                {
                    [new OpenApiSecuritySchemeReference("Bearer", context.Document)] = [],
                },
            ];
            operation.Description = $"{operation.Description} Needs the permission {permissions[0]}.".Trim();
        }

        var key = $"{context.Description.HttpMethod} /{context.Description.RelativePath?.TrimEnd('/')}";
        if (Examples.TryGetValue(key.Replace("{id:long}", "{id}", StringComparison.Ordinal), out var example)
            && operation.RequestBody?.Content is { } content
            && content.TryGetValue("application/json", out var media) && media is OpenApiMediaType writable)
        {
            writable.Example = JsonNode.Parse(example);
        }
    }
}
