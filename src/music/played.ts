/**
 * What a MIDI file plays, as notes; what a list of notes cannot say is told by name.
 *
 * @module
 */
import { shown } from "../base/words.ts";
import { inOrder, type Note } from "./note.ts";

/** What a file plays and notes cannot say, as a reader of MIDI names it. */
export type MidiLeftOut = "percussion" | "bends" | "sostenuto" | "unended" | "instant";

/** What an event of a file does; its `value` is a strength, a place of a pedal, or of the wheel. */
export interface Played {
  /** When, in seconds. */
  readonly now: number;
  readonly kind: "on" | "off" | "sustain" | "sostenuto" | "release" | "silence" | "bend";
  readonly channel: number;
  readonly pitch: number;
  readonly value: number;
}

/** The channel of percussion, whose notes are no pitches. */
export const PERCUSSION = 9;
/** From here on a pedal is down. */
const DOWN = 64;

/** How often each was met, and what is said of it. */
const SAID: Readonly<Record<MidiLeftOut, (count: string, plural: string) => string>> = {
  percussion: (count, plural) => `${count} note${plural} of percussion, which has no pitch`,
  bends: (count, plural) => `${count} bend${plural} of pitch`,
  sostenuto: (count, plural) => `${count} press${plural && "es"} of the sostenuto pedal`,
  unended: (count, plural) => `${count} note${plural} that nothing ends`,
  instant: (count, plural) => `${count} note${plural} without length`,
};

/** All of them. */
export const LEFT_OUT = Object.keys(SAID) as readonly MidiLeftOut[];

interface Struck {
  readonly start: number;
  readonly velocity: number;
}

/** A key of a channel. */
interface Key {
  /** Notes while the key is down; those before `first` have ended. */
  readonly down: Struck[];
  first: number;
  /** Notes that the pedal holds. */
  held: Struck[];
}

/** The notes of one channel. */
class Channel {
  readonly #keys = new Map<number, Key>();
  readonly notes: Note[] = [];
  isPressed = false;
  bends = 0;
  sostenuto = 0;
  instant = 0;

  #key(pitch: number): Key {
    const key = this.#keys.get(pitch) ?? { down: [], first: 0, held: [] };
    this.#keys.set(pitch, key);
    return key;
  }

  #end(pitch: number, { start, velocity }: Struck, end: number): void {
    if (end > start) this.notes.push({ start, end, pitch, velocity });
    else ++this.instant;
  }

  #endHeld(pitch: number, key: Key, now: number): void {
    for (const note of key.held) this.#end(pitch, note, now);
    key.held = [];
  }

  /** A string that is struck again sounds anew. */
  on(pitch: number, velocity: number, now: number): void {
    const key = this.#key(pitch);
    this.#endHeld(pitch, key, now);
    key.down.push({ start: now, velocity });
  }

  /** Of notes of one pitch the first that began ends first. */
  off(pitch: number, now: number): void {
    const key = this.#key(pitch);
    const note = key.down[key.first];
    if (!note) return;
    ++key.first;
    if (this.isPressed) key.held.push(note);
    else this.#end(pitch, note, now);
  }

  /** Ends what the pedal holds. */
  lift(now: number): void {
    this.isPressed = false;
    for (const [pitch, key] of this.#keys) this.#endHeld(pitch, key, now);
  }

  /** All keys go up; what the pedal holds sounds on. */
  release(now: number): void {
    for (const [pitch, key] of this.#keys) while (key.first < key.down.length) this.off(pitch, now);
  }

  /** Ends all that sounds. */
  silence(now: number): void {
    this.release(now);
    for (const [pitch, key] of this.#keys) this.#endHeld(pitch, key, now);
  }

  /** Keys that are down. */
  get down(): number {
    return [...this.#keys.values()].reduce((sum, { down, first }) => sum + down.length - first, 0);
  }
}

function play(channel: Channel, { kind, now, pitch, value }: Played): void {
  if (kind === "on") channel.on(pitch, value, now);
  else if (kind === "off") channel.off(pitch, now);
  else if (kind === "release" || kind === "silence") channel[kind](now);
  else if (kind === "sostenuto") channel.sostenuto += Number(value >= DOWN);
  else if (kind === "bend") channel.bends += Number(value !== 0);
  else if (value >= DOWN) channel.isPressed = true;
  else channel.lift(now);
}

/**
 * The notes of what is played, in the order in which they begin; a pedal that is down to the end lets go there.
 *
 * @param events What is played, in its order.
 * @param end When the file ends.
 * @param leaveOut What may be left out; anything else that notes cannot say is refused.
 */
export function notesPlayed(events: Iterable<Played>, end: number, leaveOut: readonly MidiLeftOut[]): Note[] {
  const channels = Array.from({ length: 16 }, () => new Channel());
  for (const event of events) play(channels[event.channel]!, event);
  const pitched = channels.filter((channel, i) => {
    channel.lift(end);
    return i !== PERCUSSION && (channel.notes.length > 0 || channel.down > 0 || channel.instant > 0);
  });
  const { notes, down, instant } = channels[PERCUSSION]!;
  const sum = (count: (channel: Channel) => number) => pitched.reduce((all, channel) => all + count(channel), 0);
  expectLeftOut({
    percussion: notes.length + down + instant,
    bends: sum(({ bends }) => bends),
    sostenuto: sum(({ sostenuto }) => sostenuto),
    unended: sum(({ down }) => down),
    instant: sum(({ instant }) => instant),
  }, leaveOut);
  return inOrder(pitched.flatMap(({ notes }) => notes));
}

function expectLeftOut(found: Readonly<Record<MidiLeftOut, number>>, leaveOut: readonly MidiLeftOut[]): void {
  const names = LEFT_OUT.filter((name) => found[name] > 0 && !leaveOut.includes(name));
  if (names.length === 0) return;
  const said = names.map((name) => SAID[name](found[name].toLocaleString("en"), found[name] === 1 ? "" : "s"));
  const all = LEFT_OUT.filter((name) => found[name] > 0).map(shown).join(", ");
  throw new SyntaxError(
    `Cannot read the file as notes as it has ${said.join(" and ")}; read it without them with { leaveOut: [${all}] }`,
  );
}
