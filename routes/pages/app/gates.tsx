/**
 * The states in which there is nothing to watch: each says what is the matter and what to do.
 *
 * @module
 */
import type { ComponentChildren, VNode } from "preact";
import { Brand } from "../parts/brand.tsx";
import { signOut } from "./page.ts";
import type { Session } from "./session.ts";

/** A card in the middle of an empty page. */
export function Gate(
  { title, children }: { readonly title: string; readonly children: ComponentChildren },
): VNode {
  return (
    <main class="gate">
      <div class="card">
        <Brand />
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

/** Shown until it is known who is signed in; it appears late, as mostly it is known at once. */
export function Loading(): VNode {
  return (
    <main class="gate late" aria-busy="true">
      <p role="status">Asking the gateway…</p>
    </main>
  );
}

/** Nobody answers. */
export function Away(): VNode {
  return (
    <Gate title="The gateway does not answer">
      <p role="status">
        Nothing answers at{" "}
        <b>{location.host}</b>. This page tries again every two seconds and goes on by itself.
      </p>
      <p class="muted">
        If it stays away, look whether the process runs, and at the end of its log. A gateway that
        restarts is back within seconds.
      </p>
    </Gate>
  );
}

/** The gateway wants nothing of this page or address. */
export function Refused({ message }: { readonly message: string }): VNode {
  return (
    <Gate title="The gateway refuses this page">
      <p role="alert">{message}</p>
      <button class="primary" type="button" onClick={() => location.reload()}>Try again</button>
    </Gate>
  );
}

/** The key may do other things. */
export function NoRight({ session }: { readonly session: Session }): VNode {
  return (
    <Gate title="This key may not watch">
      <p role="alert">
        <b>{session.principal}</b> is signed in with{" "}
        {listScopes(session.scopes)}; the dashboard needs the scope{" "}
        <code>subscribe</code>. Ask whoever gave you the key for one that has it.
      </p>
      <button class="primary" type="button" onClick={signOut}>Sign in with another key</button>
    </Gate>
  );
}

function listScopes(scopes: readonly string[]): string {
  if (scopes.length === 0) return "no scope at all";
  return `${scopes.length === 1 ? "the scope" : "the scopes"} ${scopes.join(", ")}`;
}
