using Saltern.Server.Settings;

namespace Saltern.Server.Salt;

/// <summary>
/// Reads a master's password where the settings say it is. It is read at each login, so a file that was changed
/// counts at once and nothing of ours keeps it.
/// </summary>
internal static class MasterPassword
{
    public static bool TryRead(SaltMasterOptions options, out string password, out string problem) => Secret.TryRead(
        options.PasswordFile, options.PasswordEnvironment, options.Password, out password, out problem);
}
