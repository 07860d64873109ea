/** @module A link in a row; keys open the row instead, so that Tab leads from row to row. */
import type { ComponentChildren, VNode } from "preact";
import { followLink } from "../app/router.ts";

/** The link. */
export function CellLink({ href, title, children }: {
  readonly href: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}): VNode {
  return <a class="cell" href={href} title={title} tabIndex={-1} onClick={followLink}>{children}
  </a>;
}
