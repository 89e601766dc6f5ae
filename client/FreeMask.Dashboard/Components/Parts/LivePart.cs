using FreeMask.Dashboard.Services;
using Microsoft.AspNetCore.Components;

namespace FreeMask.Dashboard.Components.Parts;

/// <summary>A page or part that is drawn again after each reading of the runs.</summary>
public abstract class LivePart : ComponentBase, IDisposable
{
    private bool _disposed;

    [Inject]
    internal RunFeed Feed { get; set; } = null!;

    /// <summary>The last reading.</summary>
    private protected RunsSnapshot Snapshot => Feed.Current;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops watching.</summary>
    protected virtual void Dispose(bool disposing)
    {
        _disposed = true;
        Feed.Changed -= Draw;
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        if (Snapshot.At is null) await Feed.ReadAsync(CancellationToken.None);
        Feed.Changed += Draw;
        // Without an open page the runs are read less often.
        Feed.Refresh();
    }

    /// <summary>Called before the part is drawn again; false leaves it as it is.</summary>
    protected virtual bool IsNew() => true;

    /// <summary>Draws the part again, from any thread.</summary>
    protected void Draw()
    {
        if (_disposed) return;
        _ = InvokeAsync(() =>
        {
            if (!_disposed && IsNew()) StateHasChanged();
        });
    }
}
