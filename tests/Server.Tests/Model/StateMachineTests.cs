using Saltern.Rig;
using Xunit;

namespace Saltern.Server.Tests.Model;

public sealed class StateMachineTests(PostgresServer postgres)
{
    [Fact]
    public async Task Generated_sequences_of_orders_returns_and_restarts_go_as_the_model_says()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            await using var database = await TestDatabase.CreateAsync(postgres);
            await new ModelRun(database, seed).RunAsync(length: 60);
        }
    }
}
