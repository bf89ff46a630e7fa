/**
 * The library that the explorer's page is drawn with: Preact for the elements, its signals for what they show, and htm
 * in the place of JSX, which needs no compiler; together 21 kB.
 *
 * @module
 */
import {
  batch,
  computed,
  effect,
  type ReadonlySignal,
  type Signal,
  signal,
  untracked,
} from "npm:@preact/signals@2.11.4";
import htm from "npm:htm@3.1.1";
import { h, render, type VNode } from "npm:preact@11.2.0";
import { useEffect, useLayoutEffect, useRef } from "npm:preact@11.2.0/hooks";

/** What a component gives. */
export type Drawn = VNode;

type Template = (strings: TemplateStringsArray, ...values: readonly unknown[]) => Drawn;

/** Elements as they are written in HTML; what stands in holes is text, never HTML. */
export const ui: Template = (htm as unknown as { bind(make: typeof h): Template }).bind(h);

export {
  batch,
  computed,
  effect,
  type ReadonlySignal,
  render,
  type Signal,
  signal,
  untracked,
  useEffect,
  useLayoutEffect,
  useRef,
};
