/**
 * The address of the page: which view, and its filter, sort and selection, so that a link leads to
 * what somebody saw.
 *
 * @module
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { VIEW_PATHS, type ViewName } from "../paths.ts";

/** Where the page is. */
export interface Route {
  readonly view: ViewName;
  /** What follows the path of the view: a symbol. */
  readonly item: string | undefined;
  readonly query: URLSearchParams;
}

const address = signal(new URL(location.href));
addEventListener("popstate", () => address.value = new URL(location.href));

/** Where the page is. */
export const route: ReadonlySignal<Route> = computed(() => parseRoute(address.value));

/** Reads an address; one that names no view is the floor. */
export function parseRoute(url: URL): Route {
  const [, first = "", item] = url.pathname.split("/");
  const view = (Object.keys(VIEW_PATHS) as ViewName[])
    .find((name) => VIEW_PATHS[name] === `/${first}`) ?? "floor";
  return {
    view,
    item: item === undefined || item === "" ? undefined : decodeURIComponent(item),
    query: url.searchParams,
  };
}

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
