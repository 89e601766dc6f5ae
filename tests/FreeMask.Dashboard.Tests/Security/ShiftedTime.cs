namespace FreeMask.Dashboard.Tests.Security;

/// <summary>The system's clock, set forward by tests.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    /// <summary>How far it is ahead.</summary>
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
}
