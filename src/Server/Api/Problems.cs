using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Saltern.Server.Actions;

namespace Saltern.Server.Api;

/// <summary>Every refusal of the REST interface: problem details with a sentence the user can act on.</summary>
internal static class Problems
{
    /// <summary>404: there is no such thing.</summary>
    public static ProblemHttpResult NotFound(string detail) =>
        Of(StatusCodes.Status404NotFound, "Not found", detail);

    public static ProblemHttpResult NoAction(long id) => NotFound($"There is no action {id}.");

    /// <summary>409: as things stand this cannot be done.</summary>
    public static ProblemHttpResult Conflict(string detail) =>
        Of(StatusCodes.Status409Conflict, "Not possible now", detail);

    /// <summary>403, for what depends on more than the endpoint.</summary>
    public static ProblemHttpResult Forbidden(string detail) =>
        Of(StatusCodes.Status403Forbidden, "Not allowed", detail);

    /// <summary>422: arguments that cannot be, each with what is allowed.</summary>
    public static ProblemHttpResult Invalid(IReadOnlyList<ArgumentError> errors) => TypedResults.Problem(
        statusCode: StatusCodes.Status422UnprocessableEntity,
        title: "Not valid",
        detail: string.Join(" ", errors.Select(error => $"{error.Argument}: {error.Message}").Take(5)),
        extensions: new Dictionary<string, object?>
        {
            ["errors"] = errors.GroupBy(error => error.Argument)
                .ToDictionary(group => group.Key, group => group.Select(error => error.Message).ToArray()),
        });

    public static ProblemHttpResult Invalid(string argument, string message) =>
        Invalid([new ArgumentError(argument, message)]);

    public static ProblemHttpResult Of(int status, string title, string detail) =>
        TypedResults.Problem(statusCode: status, title: title, detail: detail);
}
