/**
 * What is on the screen, by what the page is.
 *
 * @module
 */
import type { VNode } from "preact";
import { Away, Loading, NoRight, Refused } from "./gates.tsx";
import { page } from "./page.ts";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign_in.tsx";

/** The whole page. */
export function App(): VNode {
  const now = page.value;
  switch (now.kind) {
    case "loading":
      return <Loading />;
    case "sign-in":
      return <SignIn fault={now.fault} hint={now.hint} />;
    case "away":
      return <Away />;
    case "refused":
      return <Refused message={now.message} />;
    case "no-right":
      return <NoRight session={now.session} />;
    case "live":
      return <Shell live={now.live} />;
  }
}
