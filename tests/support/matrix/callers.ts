/**
 * Everybody who may ask for something: with which credential, and what it is worth. What it is worth is
 * written down here by hand, from the rules for credentials.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Scope, SCOPES } from "../../../protocol/scopes.ts";
import { OWN_ORIGIN } from "../sign_in.ts";
import { type Scene, secretOf } from "./scene.ts";

/** What a credential is worth. */
export type Standing =
  /** There is none. */
  | "missing"
  /** There is one, and it does not count. */
  | "invalid"
  /** The page that sends it may not use the gateway, whatever it sends. */
  | "foreign-page"
  | Rights;

/** The rights of a key of the scene. */
export interface Rights {
  readonly scopes: readonly Scope[];
  /** Whether it is limited to a channel that no request of the matrix is about. */
  readonly foreignChannel?: true;
  /** Whether it is limited to a trader of whom there is nothing. */
  readonly foreignTrader?: true;
}

/** What is sent. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  /** Without the question mark. */
  readonly query?: string;
}

/** How a credential is sent, as far as it matters for what it is worth. */
export type Form =
  /** In a header; it counts everywhere. */
  | "header"
  /** In the query: it begins no session. */
  | "query"
  /** A cookie, from a page of the gateway: it begins no session. */
  | "session"
  /** A cookie without the proof that a page of the gateway sends it: for reading alone, not for sockets. */
  | "session-unproven";

/** Somebody who asks. */
export interface Caller {
  readonly standing: Standing;
  readonly form: Form;
  /** Makes what is sent from what the scene has given out. */
  readonly send: (scene: Scene) => Sent;
}

/** Every scope. */
const EVERY: Rights = { scopes: SCOPES };

const LIMITED: readonly Scope[] = ["subscribe", "publish", "acknowledge", "metrics"];

/** The keys of the scene that are valid, and their rights. */
const VALID: Readonly<Record<string, Rights>> = {
  "only-subscribe": { scopes: ["subscribe"] },
  "only-publish": { scopes: ["publish"] },
  "only-acknowledge": { scopes: ["acknowledge"] },
  "only-admin": { scopes: ["admin"] },
  "only-metrics": { scopes: ["metrics"] },
  every: EVERY,
  "foreign-channel": { scopes: LIMITED, foreignChannel: true },
  "foreign-trader": { scopes: LIMITED, foreignTrader: true },
};

const ENDED = ["revoked", "expired", "rotated"] as const;

const header = (standing: Standing, headers: Readonly<Record<string, string>>): Caller => ({
  standing,
  form: "header",
  send: () => ({ headers }),
});

const query = (standing: Standing, text: (scene: Scene) => string): Caller => ({
  standing,
  form: "query",
  send: (scene) => ({ query: text(scene) }),
});

const cookie = (
  standing: Standing,
  cookieOf: (scene: Scene) => string,
  proof: Readonly<Record<string, string>> = { Origin: OWN_ORIGIN },
  form: Form = "session",
): Caller => ({
  standing,
  form,
  send: (scene) => ({ headers: { Cookie: cookieOf(scene), ...proof } }),
});

const keyProtocol = (secret: string) =>
  `telemetry.key.${Buffer.from(secret).toString("base64url")}`;

const given = (scene: Scene, name: string) => scene.given.get(name)!;

/** How a key is sent. */
const WAYS: Readonly<Record<string, (standing: Standing, secret: string) => Caller>> = {
  "X-API-Key": (standing, secret) => header(standing, { "X-API-Key": secret }),
  "Bearer": (standing, secret) => header(standing, { Authorization: `Bearer ${secret}` }),
  "subprotocol": (standing, secret) =>
    header(standing, { "Sec-WebSocket-Protocol": keyProtocol(secret) }),
  "?apiKey=": (standing, secret) => query(standing, () => `apiKey=${secret}`),
};

/** Everybody, by what a failure should say. */
export const CALLERS: Readonly<Record<string, Caller>> = {
  "no credential": header("missing", {}),
  "an empty X-API-Key": header("missing", { "X-API-Key": "" }),
  "an Authorization that is not Bearer": header("missing", { Authorization: "Basic b3BzOm9wcw==" }),
  ...fromEntries(
    Object.entries(WAYS),
    ([way, send]) => [`a wrong key as ${way}`, send("invalid", "no-secret-at-all")],
  ),
  "a wrong ticket": query("invalid", () => "ticket=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
  "a wrong session": cookie("invalid", () => "telemetry_session_8080=made.up"),
  "a wrong key before a valid ticket": {
    standing: "invalid",
    form: "header",
    send: (scene) => ({
      headers: { "X-API-Key": "wrong" },
      query: `ticket=${given(scene, "every").ticket}`,
    }),
  },
  ...fromEntries(
    Object.entries(WAYS),
    ([way, send]) => [`every scope as ${way}`, send(EVERY, secretOf("every"))],
  ),
  ...fromEntries(
    Object.entries(VALID),
    ([name, rights]) => [`the key ${name}`, WAYS["X-API-Key"]!(rights, secretOf(name))],
  ),
  ...fromEntries(
    Object.entries(VALID),
    ([name, rights]) => [
      `a session of ${name}`,
      cookie(rights, (scene) => given(scene, name).cookie),
    ],
  ),
  ...fromEntries(
    Object.entries(VALID),
    ([name, rights]) => [
      `a ticket of ${name}`,
      query(rights, (scene) => `ticket=${given(scene, name).ticket}`),
    ],
  ),
  ...fromEntries(
    ENDED,
    (name) => [`the ${name} secret`, WAYS["X-API-Key"]!("invalid", secretOf(name))],
  ),
  ...fromEntries(
    ENDED,
    (name) => [
      `a session of a ${name} secret`,
      cookie("invalid", (scene) => given(scene, name).cookie),
    ],
  ),
  ...fromEntries(
    ENDED,
    (name) => [
      `a ticket of a ${name} secret`,
      query("invalid", (scene) => `ticket=${given(scene, name).ticket}`),
    ],
  ),
  "the second secret of a rotated key": WAYS["X-API-Key"]!(EVERY, secretOf("rotated", 2)),
  "a used ticket": query("invalid", (scene) => `ticket=${scene.usedTicket}`),
  "a ticket whose time is over": query("invalid", (scene) => `ticket=${scene.oldTicket}`),
  "a session that was signed out": cookie("invalid", (scene) => scene.endedCookie),
  "a session without an Origin": cookie(
    EVERY,
    (scene) => given(scene, "every").cookie,
    {},
    "session-unproven",
  ),
  "a session for a foreign site": cookie(
    "invalid",
    (scene) => given(scene, "every").cookie,
    { "Sec-Fetch-Site": "cross-site" },
  ),
  "a session in a foreign page": cookie(
    "foreign-page",
    (scene) => given(scene, "every").cookie,
    { Origin: "http://localhost:9999" },
  ),
  "a valid key in a foreign page": header("foreign-page", {
    "X-API-Key": secretOf("every"),
    Origin: "https://elsewhere.example",
  }),
};

function fromEntries<Value>(
  values: readonly Value[],
  entry: (value: Value) => readonly [string, Caller],
): Record<string, Caller> {
  return Object.fromEntries(values.map(entry));
}

/** What a credential is worth for a request that reads, that acts, or that asks for a socket. */
export function standingFor(
  { standing, form }: Caller,
  use: "read" | "act" | "handshake" | "sign-in",
): Standing {
  if (standing === "foreign-page") return standing;
  if (use === "sign-in") return form === "header" ? standing : "missing";
  return form === "session-unproven" && use !== "read" ? "invalid" : standing;
}
