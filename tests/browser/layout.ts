/** What of a view overlaps, is cut, stands outside or is too small to read, measured in a page. */

/** The smallest text, in pixels. */
export const LEAST_TEXT = 11;

/** What HTML and images share. */
const TOOLS = `
const LEAST = ${LEAST_TEXT};
const shortened = (text) => text.trim().slice(0, 24);
/** Texts that stand on each other by more than a pixel and a half. */
const overlaps = (texts) => {
  const sorted = texts.toSorted((a, b) => a.top - b.top);
  const found = [];
  for (let i = 0; i < sorted.length; ++i) {
    for (let j = i + 1; j < sorted.length && sorted[j].top < sorted[i].bottom - 1.5; ++j) {
      const [a, b] = [sorted[i], sorted[j]];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1.5 && down > 1.5 && (a.node === undefined || a.node !== b.node)) found.push("overlap: " + shortened(a.text) + " and " + shortened(b.text));
    }
  }
  return found;
};
/** Letters take about the middle 70 % of their line. */
const letters = ({ left, right, top, bottom }, size, text) => {
  const middle = (top + bottom) / 2;
  return { left, right, top: middle - 0.36 * size, bottom: middle + 0.36 * size, text };
};
`;

/** The faults of the sections of a page, each with the name of its section. */
export const FAULTS = `(() => {${TOOLS}
const clipped = (node, rect) => {
  let { left, right, top, bottom } = rect;
  const cut = [];
  for (let one = node; one && one !== document.body; one = one.parentElement) {
    const { overflowX, overflowY, textOverflow, position } = getComputedStyle(one);
    if (overflowX === "visible" && overflowY === "visible") continue;
    const box = one.getBoundingClientRect();
    const hides = overflowX === "hidden" && textOverflow !== "ellipsis";
    if (hides && Math.min(right, box.right) > Math.max(left, box.left) && (right > box.right + 1.5 || left < box.left - 1.5)) {
      cut.push(one);
    }
    [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
    if (overflowY !== "visible") [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
  }
  return { left, right, top, bottom, cut };
};
const faultsOf = (section) => {
  const found = [];
  const texts = [];
  const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const text = node.nodeValue;
    if (text.trim() === "" || parent.closest("style,script,svg,textarea,option")) continue;
    if (!parent.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(parent);
    const size = parseFloat(style.fontSize);
    if (size === 0) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      if (rect.width < 1 || rect.height < 1) continue;
      const own = clipped(parent, rect);
      if (own.right - own.left < 1 || own.bottom - own.top < rect.height / 2) continue;
      if (own.cut.length > 0) found.push("cut: " + shortened(text));
      if (own.left < -1 || own.right > innerWidth + 1) found.push("outside: " + shortened(text));
      if (size < LEAST) found.push("small, " + size + " px: " + shortened(text));
      const upright = style.writingMode === "horizontal-tb";
      const box = letters(upright ? { ...own } : { left: own.top, right: own.bottom, top: own.left, bottom: own.right }, size, text);
      texts.push({ ...upright ? box : { left: box.top, right: box.bottom, top: box.left, bottom: box.right, text }, node });
    }
  }
  return [...found, ...overlaps(texts)];
};
return Array.from(document.querySelectorAll("[data-case]")).flatMap((section) =>
  [...new Set(faultsOf(section))].slice(0, 4).map((fault) => section.dataset.case + ": " + fault));
})()`;

/** What scrolls sideways in the sections of these names: a function of the names. */
export const SCROLLING = `((names) => names.flatMap((name) => {
const section = document.querySelector('[data-case="' + name + '"]');
return Array.from(section.querySelectorAll("*")).filter((one) =>
  one.checkVisibility() && getComputedStyle(one).overflowX === "auto" && one.scrollWidth > one.clientWidth + 1)
  .map((one) => name + ": " + one.ariaLabel + ", " + one.scrollWidth + " px in " + one.clientWidth);
}))`;

/** The labels that stay in sight when what they are in is scrolled to its end, and those that do not. */
export const KEPT = `((names) => {
const all = { kept: 0, lost: [] };
for (const name of names) {
  for (const label of document.querySelectorAll('[data-case="' + name + '"] .kept')) {
    const region = label.closest("[style*='overflow-x']");
    if (!label.checkVisibility() || label.innerText.trim() === "" || region.scrollWidth <= region.clientWidth + 1) continue;
    region.scrollLeft = region.scrollWidth;
    label.scrollIntoView({ block: "center", inline: "nearest" });
    const [own, frame] = [label, region].map((one) => one.getBoundingClientRect());
    const seen = document.elementFromPoint(own.right - 3, (own.top + own.bottom) / 2);
    if (region.scrollLeft > 0 && Math.abs(own.left - frame.left) <= 5 && label.contains(seen)) ++all.kept;
    else all.lost.push(name + ": " + label.innerText);
    region.scrollLeft = 0;
  }
}
scrollTo(0, 0);
return all;
})`;

/** The faults of images: those of an SVG document for each name. */
export const IMAGE_FAULTS = `((images) => {${TOOLS}
return images.flatMap(({ name, svg }) => {
  const host = document.createElement("div");
  host.style.cssText = "position:absolute;left:0;top:0;line-height:0";
  host.attachShadow({ mode: "open" }).innerHTML = svg;
  document.body.append(host);
  const frame = host.shadowRoot.querySelector("svg").getBoundingClientRect();
  const found = [];
  const [texts, slanted] = [[], []];
  for (const one of host.shadowRoot.querySelectorAll("text")) {
    const rect = one.getBoundingClientRect();
    if (one.textContent.trim() === "" || rect.width < 1) continue;
    const size = parseFloat(getComputedStyle(one).fontSize);
    const lines = one.querySelectorAll("tspan").length > 0 ? Array.from(one.querySelectorAll("tspan")) : [one];
    const isOut = rect.left < frame.left - 1 || rect.right > frame.right + 1 || rect.top < frame.top - 3 || rect.bottom > frame.bottom + 3;
    if (isOut) found.push("outside: " + shortened(one.textContent));
    if (size < LEAST) found.push("small, " + size + " px: " + shortened(one.textContent));
    const { a, b } = one.getCTM();
    if (Math.abs(b) > 0.01 && Math.abs(a) > 0.01) { // their boxes are larger than their letters: only what begins in one
      slanted.push({ rect, text: one.textContent });
      continue;
    }
    for (const line of lines) {
      const own = line.getBoundingClientRect();
      if (own.width < 1) continue;
      const letter = letters(own, size, line.textContent);
      texts.push(Math.abs(b) > 0.01 ? { ...letter, top: own.top, bottom: own.bottom } : letter);
    }
  }
  host.remove();
  for (const { rect, text } of slanted) {
    for (const { left, right, top, text: other } of texts) {
      const isBelow = top > rect.top && top < rect.bottom - 1.5;
      if (isBelow && left < rect.right && right > rect.left) found.push("overlap: " + shortened(text) + " and " + shortened(other));
    }
  }
  return [...new Set([...found, ...overlaps(texts)])].slice(0, 4).map((fault) => name + ": " + fault);
});
})`;
