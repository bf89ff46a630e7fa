/**
 * Which parts of a model are patched and judged, and how many there are of each.
 *
 * @module
 */
import type { Sequence } from "../../model/sequence.ts";
import type { BartConfig } from "../../models/bart.ts";
import type { ModelConfig } from "../../models/config.ts";
import { familyOf } from "../../models/families.ts";
import type { SiteName } from "../../models/sites.ts";
import type { ImportanceSite, PatchSite } from "./types.ts";

/** What can be patched. */
export const PATCH_SITES: readonly PatchSite[] = [
  ...["resid", "resid_mid", "attn_out", "mlp_out", "z"] as const,
  ...["resid_cross", "cross_out", "cross_z"] as const,
  ...["source_resid", "source_resid_mid", "source_attn_out", "source_mlp_out", "source_z"] as const,
];

/** What can be judged. */
export const IMPORTANCE_SITES: readonly ImportanceSite[] = [...PATCH_SITES, "neurons", "source_neurons"];

/** A kind of place in one of the stacks of a model. */
export interface Place {
  /** What its parts are. */
  readonly columns: "heads" | "neurons" | "positions";
  /** Whether it is in the encoder. */
  readonly inSource: boolean;
  /** The blocks of its stack. */
  readonly layers: number;
  /** The heads of a block. */
  readonly heads: number;
  /** The most numbers of a row. */
  readonly width: number;
}

/** What the parts of a place are. */
export function columnsAt(at: ImportanceSite): Place["columns"] {
  if (/(^|_)z$/.test(at)) return "heads";
  return at.endsWith("neurons") ? "neurons" : "positions";
}

/**
 * What a kind of place is in a model.
 *
 * @throws {TypeError} When it is of an encoder, and there is none.
 */
export function placeOf(task: string, config: ModelConfig, at: ImportanceSite): Place {
  const inSource = at.startsWith("source_");
  const { name, hasSource = false } = familyOf(config);
  if (!hasSource && (inSource || at.includes("cross"))) {
    const fitting = "resid, resid_mid, attn_out, mlp_out or z";
    throw new TypeError(`Cannot ${task} "${at}" as ${name} has no encoder; name ${fitting}`);
  }
  const { nLayer, nHead, nInner, nEmbd } = config;
  const { encoderLayers, encoderAttentionHeads, encoderFfnDim } = config as BartConfig;
  return {
    ...{ columns: columnsAt(at), inSource },
    layers: inSource ? encoderLayers : nLayer,
    heads: inSource ? encoderAttentionHeads : nHead,
    width: Math.max(nEmbd, inSource ? encoderFfnDim : nInner),
  };
}

/** The tokens that have rows at a place, of a text that is read up to a position. */
export function rowsAt({ inSource }: Pick<Place, "inSource">, { tokenIds, source }: Sequence, position: number) {
  return inSource ? source!.tokenIds : tokenIds.slice(0, position);
}

/** All places of a kind, by their layers. */
export function sitesOf(at: ImportanceSite, { layers }: Place): readonly SiteName[] {
  return Array.from({ length: layers }, (_, layer): SiteName => `${at}.${layer}`);
}
