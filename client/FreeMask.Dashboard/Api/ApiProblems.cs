using FreeMask.Client.Json;
using FreeMask.Dashboard.Services;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Api;

/// <summary>Errors of the interface: <c>{"error": "..."}</c>, as the command line writes them.</summary>
internal sealed class ApiProblems : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (FreeMaskException missing) when (missing is RunNotFoundException or SiloNotFoundException)
        {
            return Error(missing.Message, StatusCodes.Status404NotFound);
        }
        catch (RunRejectedException rejected)
        {
            return Error(rejected.Message, StatusCodes.Status409Conflict);
        }
        catch (FreeMaskException problem)
        {
            return Error(problem.Message, StatusCodes.Status400BadRequest);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return Error($"No answer: {exception.Message.Split('\n')[0]}", StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>An error.</summary>
    internal static IResult Error(string message, int status) =>
        Results.Json(new ApiError(message), JsonDocuments.Options, statusCode: status);

    /// <summary>There is no such thing.</summary>
    internal static IResult Missing(string what) => Error($"There is no {what}.", StatusCodes.Status404NotFound);
}

/// <summary>An error.</summary>
/// <param name="Error">What is wrong and what to do.</param>
internal sealed record ApiError(string Error);
