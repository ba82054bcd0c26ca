using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Saltern.Server.Salt;

namespace Saltern.Server.Tests.Salt;

public sealed class TlsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("saltern-tls").FullName;

    private static FakeReply Published { get; } = FakeReply.Json(
        "200 OK", $$"""{"return":[{"jid":"{{TestMaster.Jid}}","minions":["m1"]}]}""");

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused_before_the_password_leaves()
    {
        using var certificate = SelfSigned("127.0.0.1");
        await using var salt = new FakeSaltApi(Published, certificate);
        using var master = TestMaster.At(salt.Url);

        var notSent = Assert.IsType<SubmitOutcome.NotSent>(await master.PingAsync());

        Assert.Equal(NotSentCause.Unreachable, notSent.Cause);
        Assert.Contains("certificate", notSent.Reason);
        Assert.Empty(salt.Logins);
    }

    [Fact]
    public async Task A_certificate_of_the_ca_file_is_accepted()
    {
        using var certificate = SelfSigned("127.0.0.1");
        await using var salt = new FakeSaltApi(Published, certificate);
        using var master = TestMaster.At(salt.Url, ("CaFile", Pem(certificate)));

        Assert.IsType<SubmitOutcome.Accepted>(await master.PingAsync());
    }

    [Fact]
    public async Task A_certificate_of_another_ca_is_refused()
    {
        using var certificate = SelfSigned("127.0.0.1");
        using var other = SelfSigned("127.0.0.1");
        await using var salt = new FakeSaltApi(Published, certificate);
        using var master = TestMaster.At(salt.Url, ("CaFile", Pem(other)));

        Assert.IsType<SubmitOutcome.NotSent>(await master.PingAsync());
        Assert.Empty(salt.Logins);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused_although_the_ca_file_has_it()
    {
        using var certificate = SelfSigned("127.0.0.9");
        await using var salt = new FakeSaltApi(Published, certificate);
        using var master = TestMaster.At(salt.Url, ("CaFile", Pem(certificate)));

        Assert.IsType<SubmitOutcome.NotSent>(await master.PingAsync());
        Assert.Empty(salt.Logins);
    }

    [Fact]
    public async Task Verification_is_skipped_only_when_asked_for_and_that_is_warned_of()
    {
        using var certificate = SelfSigned("127.0.0.9");
        await using var salt = new FakeSaltApi(Published, certificate);
        using var logs = new HeardLogs();
        using var master = TestMaster.At(salt.Url, null, logs, ("InsecureSkipTlsVerification", "true"));

        Assert.IsType<SubmitOutcome.Accepted>(await master.PingAsync());

        Assert.Contains(logs.Lines, line => line.StartsWith("Warning InsecureSkipTlsVerification is set for master m"));
    }

    [Fact]
    public async Task Neither_password_nor_token_is_ever_logged()
    {
        await using var salt = new FakeSaltApi(Published);
        using var logs = new HeardLogs();
        using var master = TestMaster.At(salt.Url, null, logs);

        await master.PingAsync();

        Assert.Contains(logs.Lines, line => line == "Information Logged in to master m");
        Assert.DoesNotContain(logs.Lines, line => line.Contains(TestMaster.Password) || line.Contains("cafe"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static X509Certificate2 SelfSigned(string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=salt-api of a test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private string Pem(X509Certificate2 certificate)
    {
        var file = Path.Combine(folder, $"{certificate.Thumbprint}.pem");
        File.WriteAllText(file, certificate.ExportCertificatePem());
        return file;
    }
}
