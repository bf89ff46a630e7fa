import { asSentence, shown } from "../../base/words.ts";
import type { TensorEntry } from "../../checkpoint/safetensors.ts";
import type { ModelFiles } from "../../hub/model_files.ts";
import { cacheFolder } from "../../hub/settings.ts";
import type { ModelConfig } from "../../models/config.ts";
import { type AnyConfig, familyOf, parseConfig } from "../../models/families.ts";
import { readsWhole } from "../../models/family.ts";
import { Program, type ProgramOptions } from "../../models/program.ts";
import type { Backend } from "../../runtime/backend.ts";
import type { AddedToken } from "../../tokenizer/added_tokens.ts";
import { withChatTemplate } from "../../tokenizer/chat_template.ts";
import { gpt2TokenizerJson, parseTokenizer } from "../../tokenizer/definition.ts";
import { expectOpenEnd, Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { CompiledChanges } from "../changes.ts";
import { expectRoom, expectRoomForPrograms } from "../memory.ts";
import { ModelRunner } from "../runner.ts";
import { checkWebgpu } from "../self_check.ts";
import { openBack } from "./back_weights.ts";
import { OpenedFiles, parseJson, readJson, readOptionalJson } from "./files.ts";
import type { MadeProof } from "./made_weights.ts";
import type { LoadOptions } from "./options.ts";
import { isConverted, isNative, type ReadWeights, readWeights } from "./read_weights.ts";
import { Starter } from "./starter.ts";
import { noticeOf, reasonWith, type Unkept } from "./unkept.ts";

const END_OF_TEXT = "<|endoftext|>";

/** Reads a parsed generation_config.json, which is undefined where there is none; it is refused before weights are read. */
export type ReadDefaults<Defaults> = (
  files: { readonly generation: unknown; readonly config: Readonly<Record<string, unknown>> },
  config: ModelConfig,
  changes: LoadOptions["generationConfig"],
) => Defaults;

/** A model that is ready to run. */
export interface LoadedModel<Defaults> {
  /** Runs it. */
  readonly runner: ModelRunner;
  /** Its tokenizer. */
  readonly tokenizer: Tokenizer;
  /** How it writes when a caller says nothing. */
  readonly writing: Defaults;
  /** What was read, still open. */
  readonly opened: OpenedFiles;
  /** The files of weights in another form that run instead of them, or beside them. */
  readonly made: readonly MadeProof[];
  /** The files of matrices for the way back in 8 bits that programs run with, as they are added; still open. */
  readonly backs: readonly MadeProof[];
  /** What is not as it should be, each told once: files of weights that cannot be kept; more may be added. */
  readonly notices: readonly string[];
  /** Starts the same model once more, over the same files, with a program that can do more; `say` hears a new notice. */
  readonly another: (
    options: ProgramOptions,
    changes?: CompiledChanges,
    say?: (message: string) => void,
  ) => Promise<ModelRunner>;
}

/** Where a model may run: 8-bit weights on native only. */
function backendFor({ backend = "auto", dtype }: LoadOptions): "auto" | Backend {
  return dtype === "q8" ? "native" : backend;
}

/** Loads the files of a model and makes it ready to run. Everything that can be checked is checked before it runs. */
export async function loadModel<Defaults>(
  files: ModelFiles,
  options: LoadOptions,
  readDefaults: ReadDefaults<Defaults>,
): Promise<LoadedModel<Defaults>> {
  const opened = new OpenedFiles(files);
  try {
    return await loadOpened(opened, options, readDefaults);
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

async function loadOpened<Defaults>(
  opened: OpenedFiles,
  options: LoadOptions,
  readDefaults: ReadDefaults<Defaults>,
): Promise<LoadedModel<Defaults>> {
  const { files } = opened;
  const { prepack, worker = false, onProgress, signal } = options;
  const backend = backendFor(options);
  const report = (completed: number, message: string) => {
    signal?.throwIfAborted();
    onProgress?.({ task: "load", completed, total: 4, message });
  };
  report(0, `Loading ${files.id}`);
  const json = await readJson(opened, "config.json");
  const generation = await readOptionalJson(opened, "generation_config.json");
  const stated = parseConfig(startingAs(json, generation, options.generationConfig));
  expectRoom(files.id, stated, { backend, prepack });
  const writing = readDefaults(
    { generation, config: json as Readonly<Record<string, unknown>> },
    stated,
    options.generationConfig,
  );
  const tokenizer = await loadTokenizer(opened);
  if (!readsWhole(familyOf(stated))) expectOpenEnd(tokenizer);
  report(1, "Read the configuration and the tokenizer");
  const notices: string[] = [];
  const say = (message: string) => report(1, message);
  const read = await readWeights(opened, stated, options, { say, note: (notice) => void notices.push(notice) });
  const { config, weights, made } = read;
  if (config !== stated) expectRoom(files.id, config, { backend, prepack });
  const starter = new Starter(read, options);
  try {
    report(2, "Checked the weights");
    if (backend === "webgpu") await checkWebgpu(config, worker);
    // Native maps the weights, so that the gradient can have a program of its own, which is started when it is asked for.
    const isDeferred = await isNative(backend, worker);
    const program = new Program(config, weights, { gradient: !isDeferred });
    const onWeb = backend === "wasm" || backend === "webgpu";
    report(3, onWeb ? "Starting onnxruntime-web" : "Starting ONNX Runtime; the first use downloads it");
    const { session, moved } = await starter.start(program, backend);
    report(4, `Ready on ${session.backend}: ${reasonWith(session.reason, notices)}`);
    const startGradient = async () => {
      const entries = starter.withoutPanels;
      const program = new Program(config, entries);
      return { program, session: (await starter.start(program, session.backend, { entries })).session };
    };
    const keepsReadings = isDeferred && !worker && canBeCut(config, weights);
    const backs: MadeProof[] = [];
    const found = { backs, notices };
    const room = { id: files.id, backend: session.backend, prepack };
    return {
      runner: new ModelRunner(config, program, session, weights, {
        keepsReadings,
        ...isDeferred && { startGradient },
      }),
      ...{ tokenizer, writing, opened, ...found },
      made: unlessMoved(made, moved),
      another: starterOfOthers(read, starter, { ...room, folder: `${cacheFolder(options.cacheDir)}-int8` }, found),
    };
  } catch (error) {
    closeAll(weights);
    throw error;
  }
}

/** Whether a program in halves is worth it: of causal models, over weights that are mapped rather than widened. */
function canBeCut(config: AnyConfig, weights: ReadonlyMap<string, TensorEntry>): boolean {
  const { mask, hasSource = false } = familyOf(config);
  return mask === "causal" && !hasSource && !weights.values().some(isConverted);
}

/** Proofs of files, which fail where another had taken the place of one. */
function unlessMoved(proofs: readonly MadeProof[], moved: Error | undefined): readonly MadeProof[] {
  return moved ? proofs.map((one) => ({ ...one, isSound: () => Promise.reject(moved) })) : proofs;
}

/**
 * What starts a model once more: see {@linkcode LoadedModel.another}. Each file for the way back is added to `backs`, what is
 * held in memory for want of one is told in `notices`.
 */
function starterOfOthers(
  { config, stored, weights }: ReadWeights,
  starter: Starter,
  { id, backend, prepack, folder }: {
    readonly id: string;
    readonly backend: Backend;
    readonly prepack: boolean | undefined;
    readonly folder: string;
  },
  { backs, notices }: { readonly backs: MadeProof[]; readonly notices: string[] },
): LoadedModel<unknown>["another"] {
  let programs = 1;
  return async (asked, changes, say) => {
    expectRoomForPrograms(id, config, { backend, prepack }, programs + 1);
    programs += 1;
    const released = () => void (programs -= 1);
    try {
      const onUnkept = (unkept: Unkept) => {
        const notice = noticeOf(unkept, (size) => `8-bit matrices for the way back are held in memory, ${size}`);
        if (notices.includes(notice)) return;
        notices.push(notice);
        say?.(asSentence(notice));
      };
      const files = { folder, onUnkept };
      const back = asked.precision === "int8" ? await openBack(config, stored, weights, files) : undefined;
      // a text is read once in halves, so that panels would gain less than their pages take
      const own = asked.blocks === undefined ? weights : starter.withoutPanels;
      const entries = back ? new Map([...own, ...back.entries]) : own;
      const program = new Program(config, entries, asked);
      const halves = asked.blocks === undefined ? undefined : program.halves();
      const { session, moved } = await starter.start(halves ?? program, backend, { entries, proof: back?.made }).catch(
        (error) => {
          closeAll(back?.entries);
          throw error;
        },
      );
      backs.push(...unlessMoved(back?.made ?? [], moved));
      return new ModelRunner(config, program, session, weights, { changes, released, halves });
    } catch (error) {
      released();
      throw error;
    }
  };
}

/** Closes the files of some tensors. */
function closeAll(entries: ReadonlyMap<string, TensorEntry> = new Map()): void {
  for (const { source } of entries.values()) source.close();
}

/**
 * config.json with the token that a decoder starts with as generation_config.json has it, whose word goes before: without
 * that field, transformers starts with its `bos_token_id`.
 */
function startingAs(json: unknown, generation: unknown, changes: LoadOptions["generationConfig"] = {}): unknown {
  if (typeof json !== "object" || json === null || changes === false) return json;
  const { decoder_start_token_id: start, bos_token_id: begin } = { ...Object(generation), ...changes };
  const found: unknown = start ?? begin;
  return found == null ? json : { ...json, "decoder_start_token_id": found };
}

/** Refuses a model that does not fit, by its config.json as the hub has it, before its weights are downloaded. */
export function acceptConfig(id: string, text: string, options: LoadOptions): void {
  expectRoom(id, parseConfig(parseJson({ id }, "config.json", text)), { ...options, backend: backendFor(options) });
}

async function loadTokenizer(opened: OpenedFiles): Promise<Tokenizer> {
  const { files } = opened;
  const text = await opened.text("tokenizer.json");
  if (text !== undefined) {
    const json = parseTokenizer(text, (text) => parseJson(files, "tokenizer.json", text));
    return Tokenizer.fromJson(json, await readTokenizerSettings(opened));
  }
  const vocab = await readJson(opened, "vocab.json", "tokenizer.json, or vocab.json and merges.txt, must be there");
  const merges = await opened.text("merges.txt");
  if (merges === undefined) throw new Error(`Cannot load "${files.id}" as merges.txt is missing from ${files.base}`);
  const added = await readOptionalJson(opened, "added_tokens.json");
  const settings = await readTokenizerSettings(opened);
  const more = added === undefined ? undefined : addedTokens(vocab, added);
  return Tokenizer.fromJson(gpt2TokenizerJson(vocab, merges, more, startToken(settings)), settings);
}

/** tokenizer_config.json, with the template of conversations that may stand in a file of its own. */
async function readTokenizerSettings(opened: OpenedFiles): Promise<unknown> {
  const settings = await readOptionalJson(opened, "tokenizer_config.json");
  const template = {
    jinja: await opened.text("chat_template.jinja"),
    json: await readOptionalJson(opened, "chat_template.json"),
  };
  const isAbsent = template.jinja === undefined && template.json === undefined;
  return isAbsent ? settings : withChatTemplate(settings, template);
}

/** Hugging Face heeds `add_bos_token` where there is no tokenizer.json, which says itself what begins a text. */
function startToken(settings: unknown): string | undefined {
  const { add_bos_token: added, bos_token: token = END_OF_TEXT } = Object(settings);
  if (added !== true) return undefined;
  return String(typeof token === "object" ? token?.content : token);
}

/** The tokens of added_tokens.json, `{"<pad>": 50257}`, and the one that GPT-2 has of itself. */
function addedTokens(vocab: unknown, json: unknown): readonly AddedToken[] {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`Cannot read added_tokens.json as it is not an object: ${shown(json)}`);
  }
  const end: unknown = typeof vocab === "object" && vocab !== null ? Reflect.get(vocab, END_OF_TEXT) : undefined;
  const ids = { ...(typeof end === "number" ? { [END_OF_TEXT]: end } : {}), ...json as Record<string, number> };
  return Object.entries(ids).map(([content, id]) => ({
    id,
    content,
    special: content === END_OF_TEXT,
    normalized: true,
  }));
}
