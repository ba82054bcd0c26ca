using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Channels.Import;

namespace Saltern.Server.Api;

/// <summary>/products: what vendors list, and its import.</summary>
internal static class ProductEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var products = api.MapGroup("/products").WithTags("Products");
        products.MapGet("/", ListAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("List products, in the order of their ids")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        products.MapPost("/import", ImportAsync).RequireAuthorization(PermissionNames.Admin)
            .WithSummary("Import a file of products, whole or not at all")
            .Accepts<string>("application/json", "application/yaml", "application/octet-stream", "text/plain")
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<Results<Ok<Page<ProductSummary>>, ProblemHttpResult>> ListAsync(
        string? search, string? kind, string? after, int? limit, ChannelLists lists,
        CancellationToken cancellationToken)
    {
        ProductKind? wanted = null;
        if (!Paging.TryReadLimit(limit, out var size, out var problem))
        {
            return problem;
        }

        if (kind is not null)
        {
            if (!Enum.TryParse<ProductKind>(kind, ignoreCase: true, out var read) || !Enum.IsDefined(read))
            {
                return Problems.Invalid("kind", $"'{kind}' is not one of base, module, extension.");
            }

            wanted = read;
        }

        var rows = await lists.ListProductsAsync(search, wanted, after ?? "", size, cancellationToken);
        // The last full page may be followed by an empty one.
        return TypedResults.Ok(new Page<ProductSummary>(
            [.. rows.Select(ChannelViews.SummaryOf)], rows.Count == size ? rows[^1].Product.Id : null));
    }

    private static async Task<Results<Ok<ImportAnswer>, ProblemHttpResult>> ImportAsync(
        string? format, string? name, bool? dryRun, HttpContext http, ProductImports imports,
        IOptions<ChannelsOptions> options, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (ImportFormats.Read(format ?? "") is not { } known)
        {
            return Problems.Invalid(
                "format", $"'{format}' is not one of {string.Join(", ", ImportFormats.Names)}; nothing was changed.");
        }

        if (name is not null && !ChannelLabel.IsOne(name))
        {
            return Problems.Invalid("name", $"{ChannelLabel.Allowed} Nothing was changed.");
        }

        if (await ReadTextAsync(http, options.Value.MostImportBytes, cancellationToken) is not { } text)
        {
            return Problems.Of(
                413, "Too large", $"The file has more than {options.Value.MostImportBytes} bytes "
                + "(Channels:MostImportBytes); nothing was changed.");
        }

        switch (ImportReader.Read(known, text, name))
        {
            case ImportReading.Understood read:
                var report = await imports.ImportAsync(
                    read.Import, user.Identity!.Name!, dryRun ?? false, cancellationToken);
                return TypedResults.Ok(ChannelViews.AnswerOf(report, dryRun ?? false));
            case ImportReading.Refused refused:
                var more = refused.Count - refused.Errors.Count;
                var rest = more > 0 ? $" There are {more} more errors." : "";
                return Problems.Invalid(
                [
                    .. refused.Errors.Select(error => new ArgumentError(error.Where, error.Message)),
                    new ArgumentError("import", $"Nothing was changed.{rest}"),
                ]);
            default:
                throw new InvalidOperationException("A file is understood or refused.");
        }
    }

    /// <summary>The body as text, whatever its type is said to be; null where it is too large.</summary>
    private static async Task<string?> ReadTextAsync(HttpContext http, int most, CancellationToken cancellationToken)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = most;
        }

        if (http.Request.ContentLength > most)
        {
            return null;
        }

        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
