// Stands for an optional package that is never loaded here.

export {};
