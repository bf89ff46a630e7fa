/** Places, heads, neurons and positions that cannot be changed, with the words of the refusal. */
import { counted } from "../support/counted.ts";
import { type Refused, testRefused } from "../support/refused_changes.ts";

const SIX = [1, 2, 3, 4, 5, 6];
const LOWER = [1, 0, 0.5, 0.5];
const HOLE = [0, 1, 2];
delete HOLE[1];

const REFUSED: readonly Refused[] = [
  // Places.
  [
    { site: "z.7", scale: 0 },
    "RangeError",
    /^Cannot change "z\.7" as the model has no such place; it has source_embed, .*resid\.0 to resid\.1/,
  ],
  [{ site: "mlp.0", scale: 0 }, "RangeError", /^Cannot change "mlp\.0" as the model has no such place/],
  [{ site: "mlp_out.0", scale: 0 }, "RangeError", /^Cannot change "mlp_out\.0" as the model has no such place/],
  [{ site: "", scale: 0 }, "RangeError", /^Cannot change "" as the model has no such place/],
  [{ site: "resid", scale: 0 }, "RangeError", /^Cannot change "resid" as the model has no such place/],
  [{ site: "__proto__", scale: 0 }, "RangeError", /^Cannot change "__proto__" as the model has no such place/],
  [{ site: 3, scale: 0 }, "TypeError", /^Cannot change a model with site 3 as it must be a text$/],
  [{ scale: 0 }, "TypeError", /^Cannot change a model with site undefined; it must be given$/],
  [{ site: null, scale: 0 }, "TypeError", /^Cannot change a model with site null; it must be given$/],
  // Changes.
  [null, "TypeError", /^Cannot change a model with null as options; pass an object, which may have site, heads/],
  [undefined, "TypeError", /^Cannot change a model with site undefined; it must be given$/],
  ["z.0", "TypeError", /^Cannot change a model with "z\.0" as options/],
  [[], "TypeError", /^Cannot change a model with \[\] as options/],
  [
    { site: "z.0", head: [1], scale: 0 },
    "TypeError",
    /^Cannot change a model with "head" as there is no such option; use site, heads, neurons/,
  ],
  [{ site: "z.0", scales: 0 }, "TypeError", /^Cannot change a model with "scales" as there is no such option/],
  [{ site: "z.0" }, "TypeError", /^Cannot change "z\.0" as it does not say how; give one of scale, add and set$/],
  [
    { site: "resid.0", scale: 0, set: SIX },
    "TypeError",
    /^Cannot change "resid\.0" by scale and set; give one of scale, add and set$/,
  ],
  [{ site: "resid.0", add: SIX, set: SIX }, "TypeError", /^Cannot change "resid\.0" by add and set; give one/],
  [{ site: "resid.0", scale: 1, add: SIX, set: SIX }, "TypeError", /by scale and add and set; give one/],
  // Scales.
  [
    { site: "z.0", scale: NaN },
    "RangeError",
    /^Cannot scale "z\.0" by NaN; pass a number that is finite in single precision$/,
  ],
  [{ site: "z.0", scale: -Infinity }, "RangeError", /^Cannot scale "z\.0" by -Infinity; pass a number that is finite/],
  [
    { site: "z.0", scale: 1e39 },
    "RangeError",
    /^Cannot scale "z\.0" by 1e\+39; pass a number that is finite in single/,
  ],
  [{ site: "z.0", scale: "0" }, "TypeError", /^Cannot change a model with scale "0" as it must be a number$/],
  [{ site: "z.0", scale: null }, "TypeError", /^Cannot change a model with scale null; leave it out/],
  // Heads and neurons.
  [
    { site: "resid.0", heads: [0], scale: 0 },
    "TypeError",
    /^Cannot change heads at "resid\.0"; heads are named at "z" and "pattern"$/,
  ],
  [
    { site: "neurons.0", heads: [0], scale: 0 },
    "TypeError",
    /^Cannot change heads at "neurons\.0"; heads are named at/,
  ],
  [
    { site: "z.0", neurons: [0], scale: 0 },
    "TypeError",
    /^Cannot change neurons at "z\.0"; neurons are named at "neurons"$/,
  ],
  [{ site: "embed", neurons: [0], scale: 0 }, "TypeError", /^Cannot change neurons at "embed"; neurons are named at/],
  [
    { site: "pattern.0", neurons: [0], set: LOWER },
    "TypeError",
    /^Cannot change neurons at "pattern\.0"; neurons are named/,
  ],
  [{ site: "z.0", heads: [4], scale: 0 }, "RangeError", /^Cannot change head 4 as the model has heads 0 to 3$/],
  [{ site: "source_z.0", heads: [2], scale: 0 }, "RangeError", /^Cannot change head 2 as the model has heads 0 to 1$/],
  [{ site: "cross_z.0", heads: [4], scale: 0 }, "RangeError", /^Cannot change head 4 as the model has heads 0 to 3$/],
  [{ site: "z.0", heads: [-1], scale: 0 }, "RangeError", /^Cannot change head -1 as the model has heads 0 to 3$/],
  [{ site: "z.0", heads: [0.5], scale: 0 }, "RangeError", /^Cannot change head 0\.5 as/],
  [{ site: "z.0", heads: ["1"], scale: 0 }, "RangeError", /^Cannot change head "1" as/],
  [{ site: "z.0", heads: [null], scale: 0 }, "RangeError", /^Cannot change head null as/],
  [{ site: "z.0", heads: HOLE, scale: 0 }, "RangeError", /^Cannot change head undefined as/],
  [{ site: "z.0", heads: [NaN], scale: 0 }, "RangeError", /^Cannot change head NaN as/],
  [
    { site: "z.0", heads: [], scale: 0 },
    "RangeError",
    /^Cannot change an empty list of heads; name some, or leave them out for all$/,
  ],
  [{ site: "z.0", heads: [1, 0, 1], scale: 0 }, "RangeError", /^Cannot change head 1 twice; name each head once$/],
  [{ site: "z.0", heads: 1, scale: 0 }, "TypeError", /^Cannot change a model with heads 1 as it must be an array$/],
  [{ site: "pattern.0", heads: [9], set: LOWER }, "RangeError", /^Cannot change head 9 as the model has heads 0 to 3$/],
  [{ site: "pattern.0", heads: [], set: LOWER }, "RangeError", /^Cannot change an empty list of heads/],
  [
    { site: "neurons.0", neurons: [5], scale: 0 },
    "RangeError",
    /^Cannot change neuron 5 as the model has neurons 0 to 4$/,
  ],
  [{ site: "neurons.0", neurons: [], scale: 0 }, "RangeError", /^Cannot change an empty list of neurons/],
  [
    { site: "neurons.0", neurons: [2, 2], set: [1, 1] },
    "RangeError",
    /^Cannot change neuron 2 twice; name each neuron once$/,
  ],
  // Positions.
  [
    { site: "z.0", positions: [10], scale: 0 },
    "RangeError",
    /^Cannot change position 10 as the model has positions 0 to 9$/,
  ],
  [
    { site: "z.0", positions: [-1], scale: 0 },
    "RangeError",
    /^Cannot change position -1 as the model has positions 0 to 9$/,
  ],
  [{ site: "z.0", positions: [1.5], scale: 0 }, "RangeError", /^Cannot change position 1\.5 as/],
  [{ site: "z.0", positions: [], scale: 0 }, "RangeError", /^Cannot change an empty list of positions/],
  [
    { site: "resid.0", positions: [2, 2], set: [...SIX, ...SIX] },
    "RangeError",
    /^Cannot change position 2 twice; name each position once$/,
  ],
  [
    { site: "z.0", positions: 1, scale: 0 },
    "TypeError",
    /^Cannot change a model with positions 1 as it must be an array$/,
  ],
];

testRefused(counted(REFUSED, 52));
