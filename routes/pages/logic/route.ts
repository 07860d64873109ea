/**
 * What an address of the page means.
 *
 * @module
 */
import { VIEW_PATHS, type ViewName } from "../paths.ts";

/** Where the page is. */
export interface Route {
  readonly view: ViewName;
  /** What follows the path of the view: a symbol. */
  readonly item: string | undefined;
  readonly query: URLSearchParams;
}

/** Reads an address; one that names no view is the floor. */
export function parseRoute(url: URL): Route {
  const [, first = "", item] = url.pathname.split("/");
  const view = (Object.keys(VIEW_PATHS) as ViewName[])
    .find((name) => VIEW_PATHS[name] === `/${first}`) ?? "floor";
  return {
    view,
    item: item === undefined || item === "" ? undefined : decode(item),
    query: url.searchParams,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
