/** Files that the page sends to its worker beside what it asks, which cannot hold them. */
export interface SentFolder {
  readonly folder: readonly File[];
  /** What the folder is called; empty where its files know it. */
  readonly name: string;
}

/** What was dropped: the files of a folder, not of folders in it, or files themselves, which have no folder's name. */
export async function droppedFiles(transfer: DataTransfer): Promise<SentFolder> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()); // gone after the first wait
  const [first] = entries;
  if (entries.length === 1 && first?.isDirectory) {
    return { folder: await filesIn(first as FileSystemDirectoryEntry), name: first.name };
  }
  const files = entries.filter((entry): entry is FileSystemFileEntry => entry?.isFile === true);
  if (files.length === 0) {
    throw new Error("Cannot load what was dropped as it is no folder; drop the folder of a model");
  }
  return { folder: await Promise.all(files.map(fileOf)), name: "" };
}

/** The files of a folder as a form gives them: each knows the folder, by which the model is called. */
export function namedFiles({ folder, name }: SentFolder): readonly File[] {
  if (name === "") return folder;
  return folder.map((file) => Object.defineProperty(file, "webkitRelativePath", { value: `${name}/${file.name}` }));
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
