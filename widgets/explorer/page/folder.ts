/** Files that the page sends to its worker beside what it asks, which cannot hold them. */
export interface SentFolder {
  readonly folder: readonly File[];
}

/** The files of what was dropped: those of a folder, not of folders in it, or the files themselves. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly File[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()); // gone after the first wait
  const [first] = entries;
  if (entries.length === 1 && first?.isDirectory) return await filesIn(first as FileSystemDirectoryEntry);
  const files = entries.filter((entry): entry is FileSystemFileEntry => entry?.isFile === true);
  if (files.length === 0) {
    throw new Error("Cannot load what was dropped as it is no folder; drop the folder of a model");
  }
  return await Promise.all(files.map(fileOf));
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: FileSystemFileEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    files.push(...some.filter((entry): entry is FileSystemFileEntry => entry.isFile));
  }
  return await Promise.all(files.map(fileOf));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
