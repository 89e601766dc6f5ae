using Orleans.Storage;
using Polly;
using Polly.Retry;

namespace FreeMask.Grains;

/// <summary>The retry policies of grains, by what is tried again.</summary>
internal static class RetryPolicies
{
    /// <summary>
    /// A call that only reads. The silo that hosts the called grain may be stopping and reject the call; a later call reaches the silo that
    /// hosts the grain next.
    /// </summary>
    public static ResiliencePipeline ReadCall { get; } = Pipeline(new RetryStrategyOptions
    {
        ShouldHandle = new PredicateBuilder().Handle<OrleansMessageRejectionException>(),
        MaxRetryAttempts = 5,
        BackoffType = DelayBackoffType.Exponential,
        Delay = TimeSpan.FromMilliseconds(50),
    });

    /// <summary>
    /// A write that another writer came before: this grain's own write that was reported as failed, or another activation. The caller reads
    /// the record again and decides anew.
    /// </summary>
    public static ResiliencePipeline ConflictingWrite { get; } = Pipeline(new RetryStrategyOptions
    {
        ShouldHandle = new PredicateBuilder().Handle<InconsistentStateException>(),
        MaxRetryAttempts = 2,
        Delay = TimeSpan.Zero,
    });

    /// <summary>A call or write of a result that may be sent twice without harm.</summary>
    public static ResiliencePipeline IdempotentWrite { get; } = Pipeline(new RetryStrategyOptions { MaxRetryAttempts = 2, Delay = TimeSpan.Zero });

    /// <summary>Executes a grain's code under a policy. Every attempt runs on the grain's own task scheduler.</summary>
    public static async Task<TResult> ExecuteInGrainAsync<TResult>(this ResiliencePipeline pipeline, Func<Task<TResult>> callback)
    {
        // Polly leaves the task scheduler by default; code of a grain must not.
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
