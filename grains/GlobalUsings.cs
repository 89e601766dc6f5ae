global using FreeMask.GrainInterfaces;
