import { deepEqual, equal } from "@std/assert";
import { scoreText } from "../../../widgets/kit/numbers.ts";
import { informationText, ordinalText, probabilityText, wholeText } from "../../../widgets/kit/quantities.ts";
import { evenly, stepped } from "../../../widgets/kit/ramp.ts";

Deno.test("probabilityText() never rounds to what is not so", () => {
  const texts = [0, 1e-9, 0.00005, 0.0004, 0.001, 0.4123, 0.9994, 0.9996, 1, NaN, 1e30].map(probabilityText);
  deepEqual(texts, ["0%", "<0.01%", "0.01%", "0.04%", "0.1%", "41.2%", "99.9%", ">99.9%", "100.0%", "NaN", "1.00e+30"]);
});

Deno.test("informationText() writes nats or bits", () => {
  equal(informationText(Math.log(8), "bits"), "3.00");
  equal(informationText(1.234, "nats"), "1.23");
  equal(informationText(-1e-9, "nats"), "0.00");
  equal(informationText(-1.5, "nats"), "−1.50");
  deepEqual([Infinity, -Infinity, NaN].map((nats) => informationText(nats, "bits")), ["∞", "−∞", "NaN"]);
});

Deno.test("wholeText() and ordinalText() read as numbers do", () => {
  deepEqual([0, 999, 1000, 50257, 1234567].map(wholeText), ["0", "999", "1,000", "50,257", "1,234,567"]);
  deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 102, 1113].map(ordinalText), [
    "1st",
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "13th",
    "21st",
    "102nd",
    "1,113th",
  ]);
});

Deno.test("evenly() ends with the last, stepped() keeps one distance", () => {
  deepEqual(evenly(3, 7), [0, 1, 2]);
  deepEqual(evenly(48, 7), [0, 8, 16, 24, 31, 39, 47]);
  deepEqual(stepped(10, 4), [0, 3, 6, 9]);
  deepEqual(stepped(2, 4), [0, 1]);
});

Deno.test("scoreText() writes no percentage of what cannot be a share", () => {
  const share = { percent: true, signed: false };
  const texts = [0, 0.0004, 0.085, 1, 1.0004, 1.5, 1e30, Infinity, NaN].map((score) => scoreText(score, share));
  deepEqual(texts, ["0.0%", "0.0%", "8.5%", "100.0%", "100.0%", "1.50", "1.00e+30", "Infinity", "NaN"]);
});
