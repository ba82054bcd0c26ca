using Saltern.Chaos;

return await ChaosProgram.RunAsync(args, TimeProvider.System);
