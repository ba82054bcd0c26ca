using Saltern.Cli;

return await CliProgram.RunAsync(args, CliOutput.OfProcess(), TimeProvider.System, CancellationToken.None);
