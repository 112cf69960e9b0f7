// The least that a fresh dotnet process can do.
Console.WriteLine("Hello, World!");
