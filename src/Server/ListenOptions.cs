using Microsoft.Extensions.Options;

namespace Saltern.Server;

/// <summary>Where the server listens and how much it takes in; the section `Listen`.</summary>
internal sealed class ListenOptions
{
    public const string Section = "Listen";

    /// <summary>Addresses, separated by semicolons; port 0 is any free one.</summary>
    [ListenAddresses]
    public string Urls { get; set; } = "http://127.0.0.1:8070";

    /// <summary>Largest request. A script may have 1 MB, and JSON may double what it escapes.</summary>
    [System.ComponentModel.DataAnnotations.Range(65_536, 67_108_864)]
    public int MaxRequestBytes { get; set; } = 4_194_304;

    /// <summary>Connections at a time, those of open pages included; more are closed as they come.</summary>
    [System.ComponentModel.DataAnnotations.Range(100, 100_000)]
    public int MaxConnections { get; set; } = 2_000;
}

[OptionsValidator]
internal sealed partial class ListenOptionsValidator : IValidateOptions<ListenOptions>;
