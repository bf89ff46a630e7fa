/**
 * The likeliest next tokens as bars, how they are drawn from, and how their numbers come about.
 *
 * @module
 */
import { probabilityText, wholeText } from "../../kit/quantities.ts";
import type { Candidate } from "../questions.ts";
import type { Looks } from "./looks.ts";
import { type Drawn, ui } from "./preact.ts";
import type { Store } from "./store.ts";

/** What draws candidates. */
interface Props {
  readonly store: Store;
  readonly looks: Looks;
}

/** The key that appends a candidate. */
const keyOf = (rank: number) => (rank + 1) % 10;

/** Moves the focus between rows with the arrow keys. */
function onArrow(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined || !(event.target instanceof HTMLElement)) return;
  const kind = event.target.className.split(" ")[0];
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(`button.${kind}`)];
  all[all.indexOf(event.target) + by]?.focus();
  event.preventDefault();
}

function Row({ store, candidate, rank }: Props & { readonly candidate: Candidate; readonly rank?: number }): Drawn {
  const choice = store.nextChoice(candidate);
  const { pinned, contrast, settled, hovered } = store;
  const probability = settled.value.probability(candidate.id);
  const isNext = (one = pinned.value) => one?.position === choice.position && one.id === choice.id;
  const [isPinned, isContrast] = [isNext(), contrast.value !== undefined && isNext(contrast.value)];
  const canCompare = pinned.value?.position === choice.position && !isPinned;
  const word = isPinned || isContrast ? "✓" : canCompare ? "vs" : "why";
  const spoken = canCompare ? `Compare with ${candidate.spoken}` : `Explain ${candidate.spoken}`;
  const said = probability === 0 ? "cut" : probabilityText(probability);
  // Where it would be by the model itself, while the settings make something else of it.
  const isOwn = Math.abs(probability - candidate.probability) < 1e-4;
  const mark = !isOwn && ui`<b style=${`left:${100 * candidate.probability}%`}></b>`;
  const hover = () => hovered.value = choice;
  const leave = () => hovered.value = undefined;
  return ui`
    <li class=${`x-row${probability === 0 ? " x-cut" : ""}`} onPointerEnter=${hover} onPointerLeave=${leave}
      onFocusIn=${hover} onFocusOut=${leave}>
      <button type="button" class="x-add" aria-label=${`Append ${candidate.spoken}, ${said}, rank ${candidate.rank}`}
        aria-keyshortcuts=${rank === undefined ? undefined : String(keyOf(rank))}
        onClick=${() => rank === undefined ? store.appendToken(candidate) : store.append(rank)}>
          <kbd>${
    rank === undefined ? wholeText(candidate.rank) : keyOf(rank)
  }</kbd><span class="x-word">${candidate.label}</span>
          <span class="x-bar"><i style=${`width:${
    100 * probability
  }%`}></i>${mark}</span><span class="x-number">${said}</span></button>
      <button type="button" class="x-why" aria-pressed=${isPinned || isContrast} aria-label=${spoken}
        title=${spoken} onClick=${() => store.choose(choice)}>${word}</button>
    </li>
  `;
}

/** The tokens that may come next. */
export function Candidates(props: Props): Drawn {
  const { store, looks } = props;
  const found = looks.found.value;
  const isListed = store.offered.value.some(({ id }) => id === found?.id);
  const find = ({ currentTarget }: { currentTarget: HTMLInputElement }) => looks.word.value = currentTarget.value;
  return ui`<section class="x-next" aria-labelledby="x-next-title" aria-busy=${!store.isFresh.value}>
    <h2 id="x-next-title">Next token</h2>
    <ol class="x-rows" onKeyDown=${onArrow}>${
    store.offered.value.map((candidate, rank) =>
      ui`<${Row} key=${candidate.id} store=${store} looks=${looks} candidate=${candidate} rank=${rank} />`
    )
  }${found && !isListed && ui`<${Row} key="found" store=${store} looks=${looks} candidate=${found} />`}</ol>
    <label class="x-find">Another word <input type="text" maxlength="200" placeholder="with its space before it"
      value=${looks.word.value} onInput=${find} /></label>
    ${looks.wordProblem.value && ui`<p class="x-problem">${looks.wordProblem.value}</p>`}
    <${Steps} store=${store} />
  </section>`;
}

/** From logits to what is drawn from, in numbers. */
function Steps({ store }: { readonly store: Store }): Drawn {
  const { temperature } = store.settings.value;
  const { logits, settled, offered } = store;
  const rows = offered.value.map(({ id, label, logit, probability }) => {
    const drawn = settled.value.probability(id);
    return ui`
      <tr key=${id}>
        <th scope="row">${label}</th>
        <td>${logit.toFixed(2)}</td>
        <td>${temperature === 0 ? "–" : (logit / temperature).toFixed(2)}</td>
        <td>${drawn === 0 ? "cut" : "kept"}</td>
        <td>${probabilityText(probability)}</td>
        <td>${probabilityText(drawn)}</td>
      </tr>
    `;
  });
  const words = `The last layer gives each of the ${wholeText(logits.value.length)} tokens a logit. Divided by the ` +
    "temperature, cut by top-k, then by top-p, the softmax of what is left is what is drawn from.";
  return ui`
    <details class="x-steps">
      <summary>How the numbers come about</summary>
      <p>${words}</p>
      <div class="x-scroll" role="region" aria-label="Logits and probabilities" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">token</th>
              <th scope="col">logit</th>
              <th scope="col">÷ T</th>
              <th scope="col">cuts</th>
              <th scope="col">softmax</th>
              <th scope="col">drawn</th>
            </tr>
          </thead>
          <tbody>${rows}</tbody>
        </table>
      </div>
    </details>
  `;
}
