using Saltern.Rig;

[assembly: AssemblyFixture(typeof(PostgresServer))]
