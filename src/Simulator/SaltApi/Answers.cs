using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Saltern.Simulator.Jobs;

namespace Saltern.Simulator.SaltApi;

/// <summary>How salt-api writes its answers: JSON or YAML when all went well, a page of HTML for most errors.</summary>
internal static class Answers
{
    private static readonly string[] Offered = ["application/json", "application/x-yaml"];

    public static Task WriteAsync(HttpContext context, JsonNode? body, int status = 200)
    {
        string? type = Choose(context.Request.Headers.Accept.ToString());
        if (type is null)
        {
            throw new ApiError(
                406,
                $"Your client sent this Accept header: {context.Request.Headers.Accept}. But this resource only emits "
                + "these media types: application/json, application/x-yaml.");
        }

        context.Response.Headers.Allow = "GET, HEAD, POST";
        return WriteTextAsync(context, type == Offered[0] ? Json.Text(body) : Yaml.Write(body), type, status);
    }

    public static Task WriteServerErrorAsync(HttpContext context) => WriteAsync(
        context, new JsonObject { ["status"] = 500, ["return"] = "An unexpected error occurred" }, 500);

    public static Task WritePageAsync(HttpContext context, int status, string message)
    {
        string heading = $"{status} {ReasonPhrases.GetReasonPhrase(status)}";
        string page =
            $"""
            <!DOCTYPE html>
            <html>
            <head>
                <meta http-equiv="Content-Type" content="text/html; charset=utf-8"></meta>
                <title>{heading}</title>
            </head>
                <body>
                    <h2>{heading}</h2>
                    <p>{WebUtility.HtmlEncode(message).Replace("&#39;", "'", StringComparison.Ordinal)
                        .Replace("&quot;", "\"", StringComparison.Ordinal)}</p>
                </body>
            </html>
            """;
        if (status is not 404)
        {
            context.Response.Headers.Allow = "GET, HEAD, POST";
        }

        return WriteTextAsync(context, page, "text/html;charset=utf-8", status);
    }

    private static Task WriteTextAsync(HttpContext context, string text, string type, int status)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    private static string? Choose(string accept)
    {
        if (accept.Length == 0)
        {
            return Offered[0];
        }

        foreach (string entry in accept.Split(','))
        {
            string type = entry.Split(';')[0].Trim();
            if (type is "*/*" or "application/*")
            {
                return Offered[0];
            }

            if (Offered.Contains(type))
            {
                return type;
            }
        }

        return null;
    }
}
