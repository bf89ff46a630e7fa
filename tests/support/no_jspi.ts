/** Preloaded by a process that shall be like a browser whose WebAssembly cannot be suspended. */
Reflect.deleteProperty(WebAssembly, "Suspending");
