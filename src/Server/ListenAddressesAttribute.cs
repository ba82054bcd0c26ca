using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;

namespace Saltern.Server;

/// <summary>
/// Addresses that Kestrel can listen on, separated by semicolons; it would say of others less than we can.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ListenAddressesAttribute : ValidationAttribute
{
    public ListenAddressesAttribute()
        : base("It must be http:// or https:// addresses such as http://127.0.0.1:8070, separated by semicolons.")
    {
    }

    public override bool IsValid(object? value) =>
        value is string text && text.Split(';', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } addresses
        && addresses.All(IsAddress);

    private static bool IsAddress(string text)
    {
        try
        {
            var address = BindingAddress.Parse(text);
            return address.Scheme is "http" or "https"
                && (address.IsUnixPipe || (address.PathBase.Length == 0 && address.Port is >= 0 and <= 65535));
        }
        catch (FormatException)
        {
            // A port that is no number, or nothing that has a scheme.
            return false;
        }
    }
}
