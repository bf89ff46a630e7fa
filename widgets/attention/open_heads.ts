/**
 * Opens heads in the page, and moves the matrix over a long text. It reads the weights of a layer from its picture, sets
 * those of the chosen head as the variables that its rules would, and draws its matrices; the rest stays with the rules.
 * A choice by somebody, by keys or by another view of the text all end in a redraw of what is checked.
 *
 * `open_heads.json` is this program as text; `deno task heads:generate` writes it.
 *
 * @module
 */

/** What the program needs to know of a view. */
export interface PageSetup {
  /** The tokens in the pictures: from `from` to before `to`. */
  readonly from: number;
  readonly to: number;
  /** The first token of the matrix, and how many it shows. */
  readonly start: number;
  readonly count: number;
  /** The first tokens of the matrices that can be moved to; only `start` where the pictures hold no more. */
  readonly pages: readonly number[];
  /** How many columns of a picture stand before those of its tokens. */
  readonly before: number;
  /** Whether tokens look at later ones too. */
  readonly both: boolean;
  readonly heads: number;
  /** The layers whose heads have rules. */
  readonly open: readonly number[];
  /** All tokens by number and name. */
  readonly names: readonly string[];
  /** The letters of the tokens of a matrix. */
  readonly letters: string;
  /** The colour of a weight, and the least one that shows, in percent. */
  readonly colour: readonly number[];
  readonly least: number;
}

/** The image data of a picture, inflated: no canvas is read, as some browsers blur what is read of one. */
async function bytesOf(picture: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  let at = 8;
  while (view.getUint32(at + 4) !== 0x49444154) at += 12 + view.getUint32(at);
  const data = new Blob([bytes.subarray(at + 8, at + 8 + view.getUint32(at))]).stream();
  return new Uint8Array(await new Response(data.pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
}

/**
 * Opens heads in a view.
 *
 * @param root The view.
 */
export function openHeads(root: HTMLElement): void {
  const find = <Found extends HTMLElement>(selector: string) => root.querySelector<Found>(selector)!;
  const each = (selector: string, use: (one: HTMLElement, index: number) => void) =>
    root.querySelectorAll<HTMLElement>(selector).forEach(use);
  const setup: PageSetup = JSON.parse(find("[data-heads]").dataset.heads!);
  const { from, to, start, count, pages, before, both, heads, open, names, letters, colour, least } = setup;
  const size = to - from;
  const T = names.length;
  const kept: Record<string, Promise<Uint8Array<ArrayBuffer>>> = {};
  const extra = start > 0 ? 1 : 0;
  let weights = new Uint8Array();
  let [head, place, first] = [0, "", start];
  let set: string[] = [];

  /** Key -1 stands for all before the first token of the matrix. */
  const weight = (query: number, key: number, asked = head) => {
    const row = (asked * size + query - from) * (size + before + 1);
    if (key >= 0) return weights[row + 1 + before + key - from]! / 255;
    return first > 0 ? weights[row + (first === start ? 1 : before)]! / 255 : 0;
  };
  const sees = (query: number, key: number) => both || key <= query;

  const paint = (box: HTMLElement | null, low: number, high: number, extra: number) => {
    if (!box) return;
    const canvas = box.querySelector("canvas") ?? box.appendChild(document.createElement("canvas"));
    const rows = high - low;
    canvas.width = rows + extra;
    canvas.height = rows;
    canvas.style.cssText = "display:block;width:100%;height:100%;image-rendering:pixelated";
    box.style.backgroundImage = "none";
    const image = new ImageData(rows + extra, rows);
    for (let query = low; query < high; query++) {
      for (let key = low - extra; key < high; key++) {
        const from = key < low ? -1 : key;
        const pixel = sees(query, from) ? [...colour, 255 * Math.sqrt(weight(query, from))] : [128, 128, 128, 36];
        image.data.set(pixel, 4 * ((query - low) * (rows + extra) + key - low + extra));
      }
    }
    canvas.getContext("2d")!.putImageData(image, 0, 0);
  };

  const strongest = (query: number, asked: number) => {
    let most = from;
    for (let key = from; key < to; key++) if (weight(query, key, asked) > weight(query, most, asked)) most = key;
    return `${names[most]} ${Math.round(100 * weight(query, most, asked))}%`;
  };
  const fill = () => {
    const rows = names.slice(first, first + count).map((name, i) => {
      const row = document.createElement("tr");
      const cells = [name];
      for (let head = 0; head < heads; head++) cells.push(strongest(first + i, head));
      cells.forEach((cell) => row.insertCell().textContent = cell);
      return row;
    });
    find(".yy tbody").replaceChildren(...rows);
  };
  const setVariables = () => {
    for (let query = first; query < first + count; query++) {
      for (let key = first - extra; key < first + count; key++) {
        const from = key < first ? -1 : key;
        if (!sees(query, from)) continue;
        const name = `--${letters[query - first]}${letters[key - first + 1]}`;
        const percent = Math.round(100 * weight(query, from));
        root.style.setProperty(name, String(percent < least ? 0 : percent));
        set.push(name);
      }
    }
  };

  const draw = async () => {
    const chosen = () => find<HTMLInputElement>(".g :checked").value;
    const [layer, asked] = chosen().split("_").map(Number) as [number, number];
    const read = await (kept[layer] ??= bytesOf(find(`.l${layer}`).dataset.png!));
    if (chosen() !== `${layer}_${asked}` || place === `${chosen()} ${first}`) return;
    place = `${chosen()} ${first}`;
    [weights, head] = [read, asked];
    set.forEach((name) => root.style.removeProperty(name));
    set = [];
    const own = first !== start || !open.includes(layer);
    root.classList.toggle("own", own);
    if (own) {
      setVariables();
      fill();
    }
    paint(find("div.i"), first, first + count, extra);
    if (size === T) paint(find("div.w"), 0, T, 0);
  };

  const nameOf = (position: number) => names[position]!.slice(names[position]!.indexOf(" ") + 1);
  const write = (node: Element, text: string | number) => node.textContent = String(text);
  /** Puts the matrix, the text below it and its names to other tokens. */
  const move = (page: number) => {
    first = page;
    root.classList.toggle("mv", first !== start);
    const hidden = first > 0 ? "" : "hidden";
    each("label.o", (label, i) => {
      const [input, position] = [label.querySelector("input")!, first + i];
      [input.value, input.checked] = [String(position), false];
      input.setAttribute("aria-label", label.title = names[position]!);
      write(label.children[1]!, nameOf(position));
      write(label.children[2]!, position);
      write(label.closest("tr")!.lastElementChild!.firstElementChild!, nameOf(position));
    });
    each(".m", (words, i) => {
      write(words.firstElementChild!, nameOf(first + i));
      words.lastChild!.textContent = ` (token ${first + i})`;
    });
    each(".hd>span", (name, i) => {
      if (i < extra) return name.style.visibility = hidden;
      write(name.firstElementChild!, nameOf(first + i - extra));
      if (name.lastChild!.textContent!.trim()) write(name.lastElementChild!, first + i - extra);
    });
    each(".tx>.t", (chip, i) => {
      chip.title = i < extra ? "" : names[first + i - extra]!;
      if (i < extra) chip.style.visibility = hidden;
      write(chip, i < extra ? `… 0–${first - 1}` : nameOf(first + i - extra));
    });
    each(".rg", (range) => write(range, `${first} to ${first + count - 1}`));
    each(".d", (box) => (box as HTMLInputElement).checked = false);
    each(".mb", (button, i) => button.setAttribute("aria-disabled", String(pages.at(i ? -1 : 0) === first)));
    draw();
  };
  const pageOf = (position: number) => pages.findLast((page) => page <= position)!;

  /** Another view's token that is not in the matrix; only one that a person chose there. */
  const follow = (event: Event) => {
    if (!root.isConnected) return document.removeEventListener("change", follow);
    const input = event.target as HTMLInputElement;
    const view = input.closest<HTMLElement>("[data-tokens]");
    const position = Number(input.value);
    const isOther = view && view !== root && view.dataset.tokens === root.dataset.tokens && input.closest(".o");
    if (!event.isTrusted || !isOther || !names[position] || position >= first && position < first + count) return;
    move(pageOf(position));
    find<HTMLInputElement>(`.o input[value="${position}"]`).checked = true;
  };

  const whole = find("div.w");
  if (whole && size === T) {
    const at = (point: number, low: number, length: number) =>
      Math.max(0, Math.min(T - 1, Math.floor((point - low) / length * T)));
    const pairAt = ({ clientX, clientY }: MouseEvent) => {
      const { left, top, width, height } = whole.getBoundingClientRect();
      return [at(clientY, top, height), at(clientX, left, width)] as const;
    };
    whole.onmousemove = (event) => {
      const [query, key] = pairAt(event);
      const percent = sees(query, key) ? `${(100 * weight(query, key)).toFixed(1)}%` : "cannot be seen";
      if (weights.length) write(find(".says"), `${names[query]} → ${names[key]}: ${percent}`);
    };
    whole.onclick = (event) => move(pageOf(pairAt(event)[0]));
  }
  if (pages.length > 1) {
    each(".mb", (button, i) => button.onclick = () => move(pages[pages.indexOf(first) + (i ? 1 : -1)] ?? first));
    document.addEventListener("change", follow);
  }
  root.classList.add("s");
  root.addEventListener("change", draw);
  root.addEventListener("reset", () => setTimeout(() => first === start ? draw() : move(start)));
  draw();
}
