using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Saltern.Server.Salt;

/// <summary>How we connect to one master.</summary>
internal static class SaltHandler
{
    /// <summary>salt-api works on as many publications a second with 1 connection as with 16.</summary>
    private const int MaxConnections = 16;

    public static SocketsHttpHandler For(SaltMasterOptions options) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        MaxConnectionsPerServer = MaxConnections,
        // salt-api closes an idle connection after 10 s. One that closes just as we send makes the outcome unclear.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        // Redirects, cookies and proxies would each put somebody else's decision between the request and its outcome.
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        SslOptions = Tls(options),
    };

    /// <summary>The certificates of a CA file, or a sentence on what is wrong with it.</summary>
    public static bool TryReadCertificates(string file, out X509Certificate2Collection certificates, out string problem)
    {
        certificates = [];
        problem = "it holds no certificate in PEM form";
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            problem = error.Message;
        }
        return certificates.Count > 0;
    }

    private static SslClientAuthenticationOptions Tls(SaltMasterOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.InsecureSkipTlsVerification)
        {
            tls.RemoteCertificateValidationCallback = TakeAnyCertificate();
        }
        else if (options.CaFile is { } file)
        {
            tls.CertificateChainPolicy = TrustOnly(file);
        }
        return tls;
    }

    private static X509ChainPolicy TrustOnly(string file)
    {
        if (!TryReadCertificates(file, out var certificates, out var problem))
        {
            throw new IOException($"CaFile '{file}': {problem}");
        }
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(certificates);
        return policy;
    }

    [SuppressMessage("Security", "CA5359", Justification = "Asked for by InsecureSkipTlsVerification, which warns.")]
    private static RemoteCertificateValidationCallback TakeAnyCertificate() => (_, _, _, _) => true;
}
