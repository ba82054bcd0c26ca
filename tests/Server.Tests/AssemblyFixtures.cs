using Saltern.Rig;

[assembly: AssemblyFixture(typeof(PostgresServer))]
[assembly: AssemblyFixture(typeof(Saltern.Server.Tests.Web.Chromium))]
