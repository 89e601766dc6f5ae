using Orleans.Storage;
using Polly;
using Polly.Retry;

namespace FreeMask.Grains;

/// <summary>The retry policies of grains.</summary>
internal static class RetryPolicies
{
    /// <summary>
    /// For read-only calls. The silo of the called grain may be stopping and reject the call; a later call reaches the silo that hosts the
    /// grain next.
    /// </summary>
    public static ResiliencePipeline ReadCall { get; } = Pipeline(new RetryStrategyOptions
    {
        ShouldHandle = new PredicateBuilder().Handle<OrleansMessageRejectionException>(),
        MaxRetryAttempts = 5,
        BackoffType = DelayBackoffType.Exponential,
        Delay = TimeSpan.FromMilliseconds(50),
    });

    /// <summary>
    /// For a write with an outdated version: another activation wrote first, or an earlier write that was reported as failed had been
    /// applied. The caller reads the record and decides again.
    /// </summary>
    public static ResiliencePipeline ConflictingWrite { get; } = Pipeline(new RetryStrategyOptions
    {
        ShouldHandle = new PredicateBuilder().Handle<InconsistentStateException>(),
        MaxRetryAttempts = 2,
        Delay = TimeSpan.Zero,
    });

    /// <summary>For an idempotent call or write of a result.</summary>
    public static ResiliencePipeline IdempotentWrite { get; } = Pipeline(new RetryStrategyOptions { MaxRetryAttempts = 2, Delay = TimeSpan.Zero });

    /// <summary>Executes code of a grain under a policy. Every attempt runs on the grain's task scheduler.</summary>
    public static async Task<TResult> ExecuteInGrainAsync<TResult>(this ResiliencePipeline pipeline, Func<Task<TResult>> callback)
    {
        // By default Polly continues on the thread pool, outside the grain's scheduler.
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true);
        try
        {
            return await pipeline.ExecuteAsync(static async (_, call) => await call(), context, callback);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <inheritdoc cref="ExecuteInGrainAsync{TResult}"/>
    public static Task ExecuteInGrainAsync(this ResiliencePipeline pipeline, Func<Task> callback) => pipeline.ExecuteInGrainAsync(async () =>
    {
        await callback();
        return true;
    });

    private static ResiliencePipeline Pipeline(RetryStrategyOptions options) => new ResiliencePipelineBuilder().AddRetry(options).Build();
}
