using System.Runtime.CompilerServices;

// Lets calls of the C library be compiled ahead of time.
[assembly: DisableRuntimeMarshalling]
