/**
 * The address of the page: which view, and its filter, sort and selection, so that a link leads to
 * what somebody saw.
 *
 * @module
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { parseRoute, type Route } from "../logic/route.ts";

const address = signal(new URL(location.href));
addEventListener("popstate", () => address.value = new URL(location.href));

/** Where the page is. */
export const route: ReadonlySignal<Route> = computed(() => parseRoute(address.value));

/** Goes to an address of the page. */
export function go(path: string): void {
  history.pushState(null, "", path);
  address.value = new URL(location.href);
  scrollTo(0, 0);
}

/** Sets a parameter of the address in place; an empty one leaves it. */
export function setQuery(name: string, value: string | undefined): void {
  const url = new URL(location.href);
  if (value === undefined || value === "") url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  history.replaceState(null, "", url);
  address.value = url;
}

/** Follows a link within the page, unless it was meant for a new tab. */
export function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go((event.currentTarget as HTMLAnchorElement).getAttribute("href")!);
}
