using Orleans.Runtime.Messaging;
using Orleans.Storage;
using Polly;
using Polly.Retry;

namespace FreeMask.Grains;

/// <summary>The retry policies of grains.</summary>
internal static class RetryPolicies
{
    /// <summary>
    /// For read-only calls. The silo of the called grain may be stopping and reject the call; a later call reaches the silo that hosts the
    /// grain next. A client's gateway may have left; a later call takes another one.
    /// </summary>
    public static GrainRetryPolicy ReadCall { get; } =
        new(
            exception => exception is OrleansMessageRejectionException or ConnectionFailedException,
            new RetryStrategyOptions
            {
                MaxRetryAttempts = 4,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(50),
            }
        );

    /// <summary>
    /// For a write with an outdated version: another activation wrote first, or an earlier write that was reported as failed had been
    /// applied. The caller reads the record and decides again.
    /// </summary>
    public static GrainRetryPolicy ConflictingWrite { get; } =
        new(exception => exception is InconsistentStateException, new RetryStrategyOptions { MaxRetryAttempts = 1, Delay = TimeSpan.Zero });

    /// <summary>For an idempotent call or write of a result.</summary>
    public static GrainRetryPolicy IdempotentWrite { get; } =
        new(_ => true, new RetryStrategyOptions { MaxRetryAttempts = 1, Delay = TimeSpan.Zero });
}
