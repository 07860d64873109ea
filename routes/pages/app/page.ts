/**
 * What the page is: signed out, signed in, or unable to tell.
 *
 * @module
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import { Live } from "../data/live.ts";
import {
  beginSession,
  type Credential,
  endSession,
  readSession,
  type Session,
  type SessionAnswer,
  takeTicket,
} from "./session.ts";

/** What is shown. */
export type Page =
  | { readonly kind: "loading" }
  /** `fault` is what was wrong with the last attempt, `hint` why somebody has to sign in again. */
  | { readonly kind: "sign-in"; readonly fault?: string; readonly hint?: string }
  | { readonly kind: "away" }
  /** The gateway wants nothing of this page or address. */
  | { readonly kind: "refused"; readonly message: string }
  /** The key may do other things. */
  | { readonly kind: "no-right"; readonly session: Session }
  | { readonly kind: "live"; readonly live: Live };

/** Pause between two attempts to reach a gateway that is away, in ms. */
const RETRY_MILLIS = 2_000;

/**
 * How often the session is used over HTTP, in ms: only such an answer hands the browser its cookie for
 * another 12 hours, and a page may be open for weeks.
 */
const PROLONG_MILLIS = 30 * 60_000;

const current = signal<Page>({ kind: "loading" });

/** What is shown. */
export const page: ReadonlySignal<Page> = current;

/** Signs in with the link that led here, or goes on with the session of before. */
export async function startPage(): Promise<void> {
  setInterval(() => {
    if (current.peek().kind === "live") readSession();
  }, PROLONG_MILLIS);
  // A link that is pasted into a page that is open loads nothing.
  addEventListener("hashchange", () => {
    const ticket = takeTicket();
    if (ticket !== undefined) useTicket(ticket);
  });
  const ticket = takeTicket();
  await (ticket === undefined ? resumeSession() : useTicket(ticket));
}

async function useTicket(ticket: string): Promise<void> {
  close();
  const answer = await beginSession({ ticket });
  if (answer.kind !== "refused") return accept(answer);
  // The link was used before, perhaps by this page: then there is a session.
  const earlier = await readSession();
  if (earlier.kind === "session") return accept(earlier);
  const hint =
    "This link does not count any more: it is for one use within 15 minutes. Start the " +
    "gateway again for a new one, or sign in with a key.";
  current.value = { kind: "sign-in", hint };
}

/** Asks who is signed in, until somebody answers. */
export async function resumeSession(hint?: string): Promise<void> {
  accept(await readSession(), hint);
}

/** Exchanges what somebody typed for a session. */
export async function signIn(credential: Credential): Promise<void> {
  const answer = await beginSession(credential);
  if (answer.kind === "session") return accept(answer);
  const fault = answer.kind === "away"
    ? "The gateway does not answer. Try again."
    : describe(answer);
  current.value = { kind: "sign-in", fault };
}

/** Asks for a key where somebody is let in without one. */
export function showSignIn(): void {
  close();
  current.value = { kind: "sign-in" };
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  close();
  current.value = { kind: "loading" };
  await endSession();
  current.value = { kind: "sign-in" };
}

/** Connects once more with the same session, where the client gave up for good. */
export function connectAgain(): void {
  close();
  current.value = { kind: "loading" };
  resumeSession("Your session has ended. Sign in again.");
}

function close(): void {
  if (current.value.kind === "live") current.value.live.close();
}

function accept(answer: SessionAnswer, hint?: string): void {
  switch (answer.kind) {
    case "session": {
      const { session } = answer;
      current.value = session.scopes.includes("subscribe")
        ? { kind: "live", live: new Live(session) }
        : { kind: "no-right", session };
      return;
    }
    case "refused":
      current.value = answer.status === 401
        ? { kind: "sign-in", ...(hint !== undefined && { hint }) }
        : { kind: "refused", message: describe(answer) };
      return;
    case "away":
      current.value = { kind: "away" };
      setTimeout(() => resumeSession(hint), RETRY_MILLIS);
  }
}

/** The gateway's own words as a sentence. */
function describe({ message }: Extract<SessionAnswer, { kind: "refused" }>): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
