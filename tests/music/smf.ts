/** The bytes of MIDI files, part by part. */

export function text(letters: string): number[] {
  return [...letters].map((letter) => letter.charCodeAt(0));
}

const four = (value: number) => [24, 16, 8, 0].map((shift) => value >>> shift & 255);

/** The first part; a division of two bytes is ticks of a beat, or frames below zero and their ticks. */
export function header(format: number, tracks: number, division: readonly [number, number]): number[] {
  return [...text("MThd"), ...four(6), 0, format, 0, tracks, ...division];
}

/** A track; its events are bytes. */
export function trackOf(events: readonly number[]): number[] {
  return [...text("MTrk"), ...four(events.length), ...events];
}

/** The same, of few. */
export function track(...events: readonly number[]): number[] {
  return trackOf(events);
}
