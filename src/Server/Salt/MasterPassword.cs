namespace Saltern.Server.Salt;

/// <summary>
/// Reads a master's password where the settings say it is. It is read at each login, so a file that was changed
/// counts at once and nothing of ours keeps it.
/// </summary>
internal static class MasterPassword
{
    public static bool TryRead(SaltMasterOptions options, out string password, out string problem)
    {
        (password, problem) = options switch
        {
            { PasswordFile: { } file } => FromFile(file),
            { PasswordEnvironment: { } variable } => FromEnvironment(variable),
            _ => (options.Password ?? "", "no password is set"),
        };
        return password.Length > 0;
    }

    private static (string Password, string Problem) FromFile(string file)
    {
        try
        {
            return (File.ReadAllText(file).TrimEnd('\r', '\n'), $"the file '{file}' is empty");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return ("", $"the file '{file}' cannot be read: {error.Message}");
        }
    }

    private static (string Password, string Problem) FromEnvironment(string variable) =>
        (Environment.GetEnvironmentVariable(variable) ?? "", $"the environment variable '{variable}' is not set");
}
