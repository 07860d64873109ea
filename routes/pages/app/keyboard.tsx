/**
 * What keys do wherever the focus is: `/` leads to the filter, `?` shows all of them, numbers lead to
 * the views.
 *
 * @module
 */
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { SEVERITIES } from "../logic/alerts.ts";
import { VIEW_PATHS } from "../paths.ts";
import { go } from "./router.ts";

/** The keys as they are shown; those of tables are answered by the tables. */
const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "filter the table of the view"],
  ["↑ ↓", "move through rows; Page Up, Page Down, Home and End as well"],
  ["Enter", "open the row"],
  ["+ − 0", "zoom the chart that has the focus, and show the whole again"],
  ["a", "acknowledge the alert that has the focus, else the most urgent one"],
  ["1 … 5", "floor, positions, alerts, market, tape"],
  ["Esc", "leave a field, close what is open"],
  ["?", "show these keys"],
];

/** Listens for keys, and shows them in a dialog. */
export function Keyboard(): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (answer(event, dialog.current!)) event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return (
    <dialog class="keys" ref={dialog} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="primary">Close</button>
      </form>
    </dialog>
  );
}

/** Shows the keys. */
export function showKeys(): void {
  document.querySelector<HTMLDialogElement>("dialog.keys")?.showModal();
}

/** Answers a key; returns whether it was one of ours. */
function answer(event: KeyboardEvent, dialog: HTMLDialogElement): boolean {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return false;
  if (isTyping(target)) {
    if (event.key !== "Escape") return false;
    target.blur();
    return true;
  }
  switch (event.key) {
    case "/": {
      const filter = document.querySelector<HTMLInputElement>("[data-filter]");
      filter?.focus();
      filter?.select();
      return filter !== null;
    }
    case "?":
      showKeys();
      return true;
    case "a":
      return acknowledge(target);
    default: {
      const path = Object.values(VIEW_PATHS)[Number(event.key) - 1];
      if (path !== undefined) go(path);
      return path !== undefined;
    }
  }
}

function isTyping(element: HTMLElement): boolean {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement;
}

/** Presses the button of the alert that has the focus, else of the most urgent one of the view. */
function acknowledge(target: HTMLElement): boolean {
  const own = target.closest("[data-alert], tr[data-id]");
  // Nobody means another alert than the one that has the focus.
  if (own?.matches(".done") || own?.querySelector(".done")) return false;
  const button = buttonIn(own) ?? buttonIn(document);
  button?.click();
  return button !== undefined;
}

function buttonIn(place: ParentNode | null): HTMLButtonElement | undefined {
  const buttons = [
    ...place?.querySelectorAll<HTMLButtonElement>("button.take:not(:disabled)") ?? [],
  ];
  const rank = ({ dataset }: HTMLElement) =>
    SEVERITIES.indexOf(dataset["severity"] as (typeof SEVERITIES)[number]);
  return buttons.sort((one, other) => rank(one) - rank(other))[0];
}
