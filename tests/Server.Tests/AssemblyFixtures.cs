using Saltern.Rig;
using Saltern.Server.Tests;

[assembly: AssemblyFixture(typeof(PostgresServer))]
[assembly: AssemblyFixture(typeof(Saltern.Server.Tests.Web.Chromium))]
[assembly: TestCollectionOrderer(typeof(LongOnesFirst))]
// Much of the time goes by in waiting for servers and deadlines.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
