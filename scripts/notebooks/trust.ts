import { python } from "./environment.ts";

/** Signs notebooks as trusted, so that JupyterLab keeps their scripts and styles. */
export async function trustNotebooks(paths: readonly string[]): Promise<void> {
  const code = "from nbformat.sign import TrustNotebookApp; TrustNotebookApp.launch_instance()";
  await python(["-c", code, ...paths], { stdout: "null" }).spawn().status;
}
