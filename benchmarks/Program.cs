using Saltern.Bench;

if (args is [SimulatorProcess.Verb, var settings])
{
    return await SimulatorProcess.RunAsync(settings);
}

return await BenchProgram.RunAsync(args, TimeProvider.System);
