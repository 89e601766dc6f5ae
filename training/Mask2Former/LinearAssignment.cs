namespace FreeMask.Training.Mask2Former;

/// <summary>
/// The rectangular assignment problem by shortest augmenting paths with potentials (Jonker and Volgenant, "A shortest augmenting path
/// algorithm for dense and sparse linear assignment problems"), O(min² max).
/// </summary>
internal static class LinearAssignment
{
    /// <summary>Finds min(rows, columns) pairs of least total cost, no row and no column twice.</summary>
    /// <param name="cost">Cost of (row, column); every value finite.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <returns>The pairs, sorted by row.</returns>
    internal static IReadOnlyList<(int Row, int Column)> Solve(Func<int, int, double> cost, int rows, int columns)
    {
        if (rows == 0 || columns == 0) return [];
        if (rows <= columns)
        {
            var columnOf = AssignRows(cost, rows, columns);
            return [.. columnOf.Select((column, row) => (row, column))];
        }

        var rowOf = AssignRows((column, row) => cost(row, column), columns, rows);
        return [.. rowOf.Select((row, column) => (row, column)).OrderBy(pair => pair.row)];
    }

    /// <summary>Assigns each of the fewer rows its column. Index 0 of the inner arrays is a virtual column where each path
    /// starts.</summary>
    private static int[] AssignRows(Func<int, int, double> cost, int rows, int columns)
    {
        var rowPotential = new double[rows + 1];
        var columnPotential = new double[columns + 1];
        var rowAt = new int[columns + 1];
        var previous = new int[columns + 1];
        var distance = new double[columns + 1];
        var done = new bool[columns + 1];
        for (var row = 1; row <= rows; row++)
        {
            Array.Fill(distance, double.PositiveInfinity);
            Array.Clear(done);
            rowAt[0] = row;
            var column = 0;
            do
            {
                done[column] = true;
                var (current, step, next) = (rowAt[column], double.PositiveInfinity, 0);
                for (var j = 1; j <= columns; j++)
                {
                    if (done[j]) continue;
                    var reduced = cost(current - 1, j - 1) - rowPotential[current] - columnPotential[j];
                    if (reduced < distance[j]) (distance[j], previous[j]) = (reduced, column);
                    if (distance[j] < step) (step, next) = (distance[j], j);
                }

                if (next == 0) throw new ArgumentException("The costs of an assignment must be finite.", nameof(cost));
                for (var j = 0; j <= columns; j++)
                {
                    if (done[j])
                    {
                        rowPotential[rowAt[j]] += step;
                        columnPotential[j] -= step;
                    }
                    else
                    {
                        distance[j] -= step;
                    }
                }

                column = next;
            }
            while (rowAt[column] != 0);

            for (; column != 0; column = previous[column]) rowAt[column] = rowAt[previous[column]];
        }

        var columnOf = new int[rows];
        for (var j = 1; j <= columns; j++)
            if (rowAt[j] != 0) columnOf[rowAt[j] - 1] = j - 1;
        return columnOf;
    }
}
