namespace Saltern.Contract;

/// <summary>How one thing that a check of a master looked at stands.</summary>
public static class MasterCheckStates
{
    public const string Ok = "ok";

    /// <summary>Work does not get through, or gets lost, until this is put right.</summary>
    public const string Failed = "failed";

    /// <summary>It works, at a risk that is named.</summary>
    public const string Warning = "warning";

    /// <summary>Nothing was seen either way.</summary>
    public const string Open = "open";
}
