using System.Security.Cryptography;
using System.Text;

namespace Saltern.Server.Database;

/// <summary>
/// What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803). Sent in the place of the password itself, so that it
/// stands in no log of statements.
/// </summary>
internal static class ScramVerifier
{
    private const int Iterations = 4096;
    private const int SaltBytes = 16;

    /// <summary>For passwords of printable ASCII: for those, normalizing changes nothing.</summary>
    public static string Of(string password) => Of(password, RandomNumberGenerator.GetBytes(SaltBytes));

    internal static string Of(string password, byte[] salt)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            Encoding.UTF8.GetBytes(password), salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var server = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}"
            + $"${Convert.ToBase64String(stored)}:{Convert.ToBase64String(server)}";
    }
}
