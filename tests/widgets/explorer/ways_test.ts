import { deepEqual, equal } from "@std/assert";
import { MOST_WAYS, type Place, startAt, step, type Travel, treeOf, visit } from "../../../widgets/explorer/ui/ways.ts";

const at = (text: string, ...then: number[]): Place => ({ text, then });
const here = ({ log, at }: Travel) => log[at];

Deno.test("visit() and step() go forth and back, and a new way ends the one that was left", () => {
  let travel = startAt(at("a"));
  for (const place of [at("a", 1), at("a", 1, 2)]) travel = visit(travel, place);
  travel = step(step(travel, -1), -1);
  deepEqual(here(travel), at("a"));
  equal(step(travel, -1), travel, "there is nothing before the beginning");
  deepEqual(here(step(travel, 1)), at("a", 1));
  travel = visit(travel, at("a", 3));
  equal(step(travel, 1), travel, "the way that was left is no future");
  deepEqual(travel.log, [at("a"), at("a", 3)]);
  deepEqual(travel.ways.length, 4, "but it is still a way");
  equal(visit(travel, at("a", 3)), travel);
});

Deno.test("visit() takes keystrokes that follow each other as one step, and later ones as another", () => {
  let travel = startAt(at("a"));
  travel = visit(travel, at("ab"), { typed: true, now: 5000 });
  travel = visit(travel, at("abc"), { typed: true, now: 5500 });
  deepEqual(travel.log, [at("a"), at("abc")]);
  deepEqual(travel.ways, [at("a"), at("abc")]);
  travel = visit(travel, at("abcd"), { typed: true, now: 7000 });
  deepEqual(travel.log, [at("a"), at("abc"), at("abcd")]);
});

Deno.test("visit() never replaces the beginning, and keeps no more ways than it says", () => {
  let travel = startAt(at("a"));
  travel = visit(travel, at("ab"), { typed: true, now: 0 });
  deepEqual(travel.log, [at("a"), at("ab")]);
  for (let i = 0; i < 3 * MOST_WAYS; ++i) travel = visit(travel, at(`text ${i}`));
  equal(travel.ways.length, MOST_WAYS);
  equal(travel.log.length, MOST_WAYS + 1);
  deepEqual(here(travel), at(`text ${3 * MOST_WAYS - 1}`));
});

Deno.test("treeOf() puts what was appended below the text, and ways that fork beside each other", () => {
  const tree = treeOf([at("a"), at("a", 1, 2), at("a", 1, 3), at("b", 1)]);
  deepEqual(tree.map(({ place, visited }) => [place, visited]), [[at("a"), true], [at("b"), false]]);
  const [one] = tree[0]!.children;
  deepEqual([one!.place, one!.visited], [at("a", 1), false]);
  deepEqual(one!.children.map(({ place }) => place), [at("a", 1, 2), at("a", 1, 3)]);
});
