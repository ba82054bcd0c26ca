namespace Saltern.Server.Actions;

/// <summary>How copying a result to somebody ended.</summary>
internal enum ResultCopy
{
    Written,
    NothingKept,

    /// <summary>As many are being copied as may be at a time; nothing was written.</summary>
    Busy,
}
