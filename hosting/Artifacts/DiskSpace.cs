namespace FreeMask.Hosting.Artifacts;

/// <summary>Distinguishes a full disk from other failures.</summary>
internal static class DiskSpace
{
    // ENOSPC and EDQUOT of Linux and macOS; ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL of Windows as HRESULTs.
    private static readonly int[] Codes = [28, 122, 69, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    /// <summary>Whether a failed write means that the disk or the user's quota is full.</summary>
    public static bool IsFull(Exception exception) => exception is IOException && Codes.Contains(exception.HResult);
}
