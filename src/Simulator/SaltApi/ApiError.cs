namespace Saltern.Simulator.SaltApi;

/// <summary>A request that salt-api refuses with a page of HTML.</summary>
internal sealed class ApiError(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}
