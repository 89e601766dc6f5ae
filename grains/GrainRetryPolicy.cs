using Polly;
using Polly.Retry;

namespace FreeMask.Grains;

/// <summary>A retry policy for code of a grain. Every attempt runs on the grain's task scheduler.</summary>
internal sealed class GrainRetryPolicy
{
    private readonly Func<Exception, bool> _handles;
    private readonly ResiliencePipeline _retries;

    /// <summary>Makes a policy.</summary>
    /// <param name="handles">Whether another attempt follows a failure.</param>
    /// <param name="options">The attempts after the second, which follows the first at once.</param>
    public GrainRetryPolicy(Func<Exception, bool> handles, RetryStrategyOptions options)
    {
        _handles = handles;
        options.ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is { } exception && handles(exception));
        _retries = new ResiliencePipelineBuilder().AddRetry(options).Build();
    }

    /// <summary>Executes code until it succeeds or the attempts are used up.</summary>
    public async Task<TResult> ExecuteInGrainAsync<TResult>(Func<Task<TResult>> callback)
    {
        try
        {
            // Nearly all calls succeed, and every result of a stage passes here: the first attempt does without the pipeline.
            return await callback();
        }
        catch (Exception exception) when (_handles(exception))
        {
            // Tried again below.
        }

        // By default Polly continues on the thread pool, outside the grain's scheduler.
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true);
        try
        {
            return await _retries.ExecuteAsync(static async (_, call) => await call(), context, callback);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }
}
