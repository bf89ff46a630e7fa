/**
 * How a cell's page finds what computes for it, and in what form the two speak: both ends import this.
 *
 * @module
 */

/** Where a kernel is, and how it is asked: what a cell gives to its page. */
export interface KernelAddress {
  /** The kernel's id, by which the Jupyter server knows it; empty where the kernel cannot tell. */
  readonly kernel: string;
  /** The path of its notebook when the kernel was started, by which it is found otherwise. */
  readonly notebook: string;
  /** The name of the one function that is called in the kernel; nobody guesses it. */
  readonly entry: string;
}

/** The type of the Jupyter messages in which a kernel answers. */
export const MESSAGE_TYPE = "looking_glass_live";

const KERNEL = /^([\w-]{1,64})?$/;
const ENTRY = /^lookingGlass_[0-9a-f]{32}$/;

/** Whether something is an address of a kernel. */
export function isKernelAddress(value: unknown): value is KernelAddress {
  const { kernel, notebook, entry } = Object(value) as Partial<Record<keyof KernelAddress, unknown>>;
  return typeof kernel === "string" && KERNEL.test(kernel) && typeof notebook === "string" &&
    typeof entry === "string" && ENTRY.test(entry);
}
