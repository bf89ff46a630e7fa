/**
 * Writes the continuation of notebook 14 as events, MIDI and sound into .out/music, for heard.py to listen to.
 *
 * Run: deno run -A scripts/music_model/play.ts
 */
import { LanguageModel, MUSIC, musicNotes, musicText, readMidi, writeMidi, writeWav } from "../../mod.ts";

const root = new URL("../../", import.meta.url);
const out = new URL(".out/music/", root);
await using model = await LanguageModel.fromPretrained(MUSIC);
const chorale = await readMidi(await Deno.readFile(new URL("notebooks/14_chorale.mid", root)));
const prompt = model.sequence(musicText(chorale.filter(({ start }) => start < 9.6)));
const music = await model.generate(prompt.tokenIds, { maxNewTokens: 240, temperature: 1, topP: 0.95, seed: 5 });
const notes = musicNotes(music);
await Deno.mkdir(out, { recursive: true });
await Deno.writeTextFile(new URL("continued.txt", out), music.tokens.map(({ text }) => text).slice(1).join(" "));
await Deno.writeFile(new URL("continued.mid", out), await writeMidi(notes));
await Deno.writeFile(new URL("continued.wav", out), writeWav(notes));
