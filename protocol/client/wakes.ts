/**
 * The moments at which a page comes back to life.
 *
 * @module
 */
import type { Environment } from "./environment.ts";

/**
 * Calls when the network is back (`online`), the page is shown again (`visibilitychange`), or comes
 * out of the back/forward cache or a frozen state (`pageshow`). Outside of pages it never calls.
 *
 * @returns Ends it.
 */
export function watchWakes(
  { window, document }: Pick<Environment, "window" | "document">,
  wake: () => void,
): () => void {
  const shown = () => {
    if (document?.visibilityState === "visible") wake();
  };
  window?.addEventListener("online", wake);
  window?.addEventListener("pageshow", wake);
  document?.addEventListener("visibilitychange", shown);
  return () => {
    window?.removeEventListener("online", wake);
    window?.removeEventListener("pageshow", wake);
    document?.removeEventListener("visibilitychange", shown);
  };
}
