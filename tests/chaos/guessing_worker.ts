/**
 * The attackers of `guessing.ts`, on threads of their own: a flood of handshakes without a key that
 * are reset before their answer is read, and addresses that try keys. Every connection comes from one
 * of many addresses of 127.0.0.0/8.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { requestHead } from "../support/raw_http.ts";

/** What an attacker is told. */
export interface AttackRequest {
  readonly kind: "flood" | "guess";
  readonly port: number;
  readonly seconds: number;
  /** Connections a second of a flood. */
  readonly perSecond: number;
  /** Addresses that try keys. */
  readonly addresses: number;
}

/** What an attacker did. */
export interface AttackReport {
  /** Connections that were made, or answers that came. */
  readonly done: number;
  /** Connections that could not be made. */
  readonly failed: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** How long a flooding connection lives after its handshake was sent, in ms. */
const UNREAD_MS = 20;

/** Most connections of a flood at a time: beyond it the gateway, or this machine, is not fast enough. */
const MAX_OPEN = 1_000;

/** How often a flood makes up for what is due, in ms. */
const STEP_MS = 5;

const counts = { done: 0, failed: 0, statuses: {} as Record<string, number> };

/** The other end of this worker. */
const scope = self as unknown as Worker & { close(): void };

scope.onmessage = ({ data }: MessageEvent<AttackRequest>) => {
  const ended = data.kind === "flood" ? flood(data) : guess(data);
  ended.then(() => {
    scope.postMessage(counts);
    scope.close();
  });
};

/** The address of an attacker: 127.{network}.x.y. */
function addressOf(network: number, index: number): string {
  return `127.${network}.${(index >> 8) & 255}.${(index & 255) % 254 + 1}`;
}

async function flood({ port, seconds, perSecond }: AttackRequest): Promise<void> {
  const head = requestHead("GET", "/ws/telemetry", {
    "Host": `127.0.0.1:${port}`,
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  });
  const from = performance.now();
  let begun = 0;
  let open = 0;
  while (performance.now() - from < seconds * 1_000) {
    const due = (performance.now() - from) * perSecond / 1_000;
    for (; begun < due; begun++) {
      if (open >= MAX_OPEN) {
        counts.failed++;
        continue;
      }
      open++;
      const localAddress = addressOf(2 + begun % 100, begun >> 3);
      const socket = connect({ host: "127.0.0.1", port, localAddress });
      socket.on("error", () => counts.failed++);
      socket.on("close", () => open--);
      socket.once("connect", () => {
        counts.done++;
        socket.pause();
        socket.write(head);
        setTimeout(() => socket.resetAndDestroy(), UNREAD_MS);
      });
    }
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

async function guess({ port, seconds, addresses }: AttackRequest): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  const attackers = Array.from({ length: addresses }, async (_, index) => {
    for (let attempt = 0; performance.now() < until; attempt++) {
      const status = await tryKey(port, addressOf(200, index), `guess-${index}-${attempt}`);
      counts.done++;
      counts.statuses[status] = (counts.statuses[status] ?? 0) + 1;
    }
  });
  await Promise.all(attackers);
}

/** The status of the answer to a key; `none` without one. */
function tryKey(port: number, localAddress: string, key: string): Promise<string> {
  const head = requestHead("GET", "/api/v1/websocket/stats", {
    "Host": `127.0.0.1:${port}`,
    "X-API-Key": key,
    "Connection": "close",
  });
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: "127.0.0.1", port, localAddress });
    let answer = "none";
    socket.on("connect", () => socket.write(head));
    socket.on("data", (data) => {
      if (answer === "none") answer = String(data).split(" ")[1] ?? "none";
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}
