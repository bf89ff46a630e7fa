import { formatSeconds } from "../../base/duration.ts";
import type { Progress } from "../../base/progress.ts";
import { progressBar } from "../../base/progress_bar.ts";
import { formatBytes } from "../../base/words.ts";
import type { SnapshotOptions } from "../../hub/snapshot.ts";
import { acceptConfig } from "./load.ts";
import type { LoadOptions } from "./options.ts";

/**
 * What the hub has to know about a model that is loaded with `options`: where to look, whom to tell, and what to
 * refuse before it is downloaded. A bar shows the download in a notebook or a terminal, unless `progress` is `false`.
 */
export function downloadOptions(id: string, options: LoadOptions): SnapshotOptions {
  const { revision, cacheDir, localFilesOnly, token, endpoint, signal } = options;
  const bar = options.progress === false ? undefined : progressBar();
  const tell = (progress: Progress) => {
    options.onProgress?.(progress);
    bar?.(progress);
  };
  return {
    revision,
    cacheDir,
    localFilesOnly,
    token,
    endpoint,
    signal,
    accept: (config) => acceptConfig(id, config, options),
    onDownload: ({ file, completed, total, bytesPerSecond, secondsLeft }) => {
      const speed = bytesPerSecond === undefined ? "" : `, ${formatBytes(bytesPerSecond)}/s`;
      const left = secondsLeft === undefined || completed === total ? "" : `, ${formatSeconds(secondsLeft)} left`;
      tell(
        {
          task: "download",
          completed,
          total,
          message: `${id === "" ? "" : `${id}: `}${file} ${formatBytes(completed)} of ${
            formatBytes(total)
          }${speed}${left}`,
          ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
          ...(secondsLeft === undefined ? {} : { secondsLeft }),
        } satisfies Progress,
      );
    },
  };
}
