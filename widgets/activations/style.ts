/**
 * The interaction of a view of neuron clusters: radios choose a layer; hovering or choosing a cluster colours the text.
 *
 * @module
 */
import { overlayOfVariable } from "../kit/colours.ts";
import { type Css, cssJoined, styling } from "../kit/css.ts";
import { attributes, type Html, markup } from "../kit/html.ts";
import { COLUMNS_RULE } from "../kit/picture_labels.ts";
import { type ClustersShown, silhouetteText } from "./clusters.ts";

/** The layers to choose from; nothing when there is one. */
export function layerHeads({ open, first }: ClustersShown): Html | undefined {
  if (open.length < 2) return undefined;
  const choices = open.map((layer, index) => {
    const { clusters } = layer;
    const words = `Layer ${clusters.layer}, silhouette ${silhouetteText(clusters.silhouette)}`;
    return markup`<label class="g g${index}" title="${words}" style="display:inline-block;padding:2px 8px;margin:2px;border:1px solid;border-radius:4px">\
<span class="r" style="display:none"><input type="radio" name="layer"${
      attributes({
        checked: layer === first,
      })
    } aria-label="${words}"></span>${clusters.layer}</label>`;
  });
  return markup`<div class="x" role="radiogroup" aria-label="Layers" style="display:none;font-size:12px">layer ${choices}</div>`;
}

/** What stands beside the matrix: the clusters at its left, three tokens at its right. */
const BESIDE = 370;

/** The rules of a view; each chip holds its percent of cluster k's largest mean activation as `--k`. */
export function activationsRules(name: string, { open }: ClustersShown, width: number, row: number): Css {
  const most = Math.max(...open.map(({ count }) => count));
  const clusters = Array.from({ length: most }, (_, cluster) => cluster);
  const chosen = (root: Css, cluster: number) =>
    styling`${root} .t{--s:var(--${cluster},0)}${root} .m${cluster}{display:inline!important}`;
  const marked = (root: Css, cluster: number) => styling`${root} :is(.c${cluster} .z,.z${cluster})`;
  const outlined = (root: Css, cluster: number) => styling`${marked(root, cluster)}{outline:2px solid}`;
  return styling`.${name}{container-type:inline-size;@container (width >= ${
    width + BESIDE
  }px){.y{display:table-cell!important}.n{display:none!important}}
.t{--p:clamp(0,var(--s)*1000,1);display:inline-block;padding:1px 2px;margin:1px;border-radius:3px;background-color:${
    overlayOfVariable(true)
  }!important}
.i{image-rendering:pixelated}.e{display:none!important}&:has(.a:checked){.e{display:block!important}.d{display:none!important}}
.x{display:revert!important}.u{display:inline!important;visibility:hidden}&:has(.o :checked) .u{visibility:visible}
.g{position:relative;cursor:pointer}.g:has(:checked){outline:2px solid}.g:has(:focus-visible){outline:3px double}
.r{display:contents!important}.r input{position:absolute;inset:0;width:100%;height:100%;margin:0;opacity:0;cursor:pointer}
.o{cursor:pointer;position:relative}.z{position:absolute;inset:0 0 auto;height:${row}px}.o .z{inset:0 -6px 0 -1px}
.o:has(:focus-visible) .z{outline:3px double!important}
${COLUMNS_RULE}}
${
    cssJoined(
      open.map(({ start }, index) =>
        styling`.${name} .p${index} .t{--s:var(--${start},0)}.${name}:not(:has(.o :checked,.o:hover)) .p${index} :is(.c${start} .z,.z${start}){outline:1px dashed}`
      ),
      "\n",
    )
  }
${
    open.length < 2 ? undefined : cssJoined([
      styling`.${name} .p{display:none!important}`,
      ...open.map((_, index) => styling`.${name}:has(.g${index} :checked) .p${index}{display:block!important}`),
    ], "\n")
  }
.${name}:has(.o :checked) .m,.${name}.h:has(.o:hover) .m{display:none!important}
${
    cssJoined(
      clusters.map((cluster) => {
        const root = styling`.${name}:has(.c${cluster} :checked)`;
        return styling`${chosen(root, cluster)}${outlined(root, cluster)}`;
      }),
      "\n",
    )
  }
${
    cssJoined(
      clusters.map((cluster) => {
        const root = styling`.${name}.h:has(.c${cluster}:hover)`;
        return styling`${chosen(root, cluster)}${outlined(root, cluster)}`;
      }),
      "\n",
    )
  }`;
}
