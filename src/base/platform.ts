/** Whether this program runs in a page or a worker of a browser rather than under Deno. */
export const inPage: boolean = !("Deno" in globalThis);
