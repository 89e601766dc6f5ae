using CsCheck;
using FreeMask.Training.Mask2Former;
using Xunit;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class LinearAssignmentTests
{
    [Fact]
    public void It_is_as_cheap_as_the_best_of_all_assignments() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5], Gen.Double[-5, 5].Array[25]).Sample((rows, columns, values) =>
        {
            double Cost(int r, int c) => values[(r * 5) + c];
            var pairs = LinearAssignment.Solve(Cost, rows, columns);
            Assert.Equal(Math.Min(rows, columns), pairs.Count);
            Assert.Equal(pairs.Count, pairs.Select(p => p.Row).Distinct().Count());
            Assert.Equal(pairs.Count, pairs.Select(p => p.Column).Distinct().Count());
            Assert.Equal(pairs.OrderBy(p => p.Row), pairs);
            Assert.Equal(Best(Cost, rows, columns), pairs.Sum(p => Cost(p.Row, p.Column)), 1e-9);
        });

    [Fact]
    public void Nothing_to_assign_gives_nothing() => Assert.Empty(LinearAssignment.Solve((_, _) => 0, 3, 0));

    private static double Best(Func<int, int, double> cost, int rows, int columns)
    {
        if (rows > columns) return Best((c, r) => cost(r, c), columns, rows);
        double Walk(int row, int taken) => row == rows ? 0 : Enumerable.Range(0, columns)
            .Where(c => (taken & (1 << c)) == 0).Min(c => cost(row, c) + Walk(row + 1, taken | (1 << c)));
        return Walk(0, 0);
    }
}
