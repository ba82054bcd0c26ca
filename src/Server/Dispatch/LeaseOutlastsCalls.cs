using Microsoft.Extensions.Options;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// A lease must outlast every call made under it: else another node takes a submission over, and sends it, while the
/// first call still runs.
/// </summary>
internal sealed class LeaseOutlastsCalls(IOptions<SaltOptions> salt) : IValidateOptions<DispatchOptions>
{
    public ValidateOptionsResult Validate(string? name, DispatchOptions options)
    {
        var problems = Masters()
            .Select((master, index) => (Key: $"{SaltSettings.Section}:{index}", master.SubmitTimeoutSeconds))
            .Where(master => options.Lease.TotalSeconds <= master.SubmitTimeoutSeconds)
            .Select(master => $"{DispatchOptions.Section}:{nameof(DispatchOptions.Lease)} is '{options.Lease:c}', "
                + $"which is not allowed. It must be longer than {master.Key}:SubmitTimeoutSeconds, which is "
                + $"'{master.SubmitTimeoutSeconds}': another node could send a call that this one is still making.")
            .ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    /// <summary>Masters that cannot be read are refused by their own rules.</summary>
    private IReadOnlyList<SaltMasterOptions> Masters()
    {
        try
        {
            return salt.Value.Masters;
        }
        catch (OptionsValidationException)
        {
            return [];
        }
    }
}
