/**
 * What somebody chose on this machine: theme, zone, sound, notifications.
 *
 * @module
 */
import { effect, type Signal, signal } from "@preact/signals";
import type { Zone } from "../logic/times.ts";

/** What of the two looks is shown. */
export type Theme = "dark" | "light";

/** A choice that stays on this machine, where the browser lets it. */
function stored<Value extends string>(name: string, values: readonly Value[], initial: Value) {
  const choice = signal(read(name, values) ?? initial);
  let before = choice.peek();
  effect(() => {
    const { value } = choice;
    // Nobody chose what it is at first: it may be another the next time.
    if (value === before) return;
    before = value;
    try {
      localStorage.setItem(`telemetry.${name}`, value);
    } catch { /* Then it stays until the page is closed. */ }
  });
  return choice;
}

function read<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
  try {
    const text = localStorage.getItem(`telemetry.${name}`);
    return values.find((value) => value === text);
  } catch {
    return undefined;
  }
}

/** Whose time is shown. */
export const zone: Signal<Zone> = stored("zone", ["local", "utc"], "local");

const system: Theme = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";

/** The look; the system's as long as nobody chose. */
export const theme: Signal<Theme> = stored("theme", ["dark", "light"], system);

/** Whether a critical alert makes a sound. */
export const sound: Signal<"on" | "off"> = stored("sound", ["on", "off"], "off");

/** Whether a critical alert is announced by the browser. */
export const notify: Signal<"on" | "off"> = stored("notify", ["on", "off"], "off");

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});
