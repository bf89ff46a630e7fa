import type { SnapshotOptions } from "../hub/snapshot.ts";
import { acceptConfig, type LoadOptions } from "./load.ts";
import { formatBytes } from "../hub/bytes.ts";
import { progressBar } from "./progress_bar.ts";
import type { Progress } from "./types.ts";

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

/** A duration for human eyes. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}
