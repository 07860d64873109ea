/**
 * The worker of {@link HealthyClients}: clients, publisher and clock in one thread of their own.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { percentile } from "../bench/statistics.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { telemetryUrl } from "../support/v1_client.ts";
import { pause, waitUntil } from "../support/wait.ts";
import { dueMark, type HealthyFigures, type HealthyOptions } from "./healthy_client.ts";

/** What the worker is asked. */
export type HealthyRequest =
  | (
    & { readonly kind: "open"; readonly url: string; readonly apiKey: string }
    & Required<HealthyOptions>
  )
  /** Forgets what was measured, and publishes. */
  | { readonly kind: "begin" }
  /** Stops publishing. */
  | { readonly kind: "pause" }
  /** Waits for what is under way, and adds up. */
  | { readonly kind: "figures"; readonly alsoExpected: number };

/** What it answers: one for each request, in order. */
export interface HealthyAnswer {
  readonly error?: string;
  readonly figures?: Omit<HealthyFigures, "phase">;
}

/** Its own symbol, so that events of an attack are told apart. */
const SYMBOL = "HEALTHY";

/** Patience with an acknowledgement, in ms. */
const ACK_MILLIS = 10_000;

/** Patience with deliveries after the last acknowledgement, in ms. */
const SETTLE_MILLIS = 15_000;

/** Publications under way at most; beyond it they count as refused. */
const MAX_UNDER_WAY = 500;

let plan: Extract<HealthyRequest, { kind: "open" }>;
let clients: RawWebSocket[] = [];
let latencies: number[] = [];
let ackLatencies: number[] = [];
let publishing = false;
let published = 0;
let acknowledged = 0;
let refused = 0;
let underWay = 0;
let startedAt = 0;
let firstRefusal: string | undefined;
let failure: string | undefined;

self.onmessage = ({ data }: MessageEvent<HealthyRequest>) => {
  handle(data).catch((error) => ({ error: (error as Error).message })).then((answer) =>
    self.postMessage(answer)
  );
};

async function handle(request: HealthyRequest): Promise<HealthyAnswer> {
  if (request.kind === "open") {
    plan = request;
    clients = await Promise.all(Array.from({ length: request.clients }, (_, index) => open(index)));
  } else if (request.kind === "begin") {
    latencies = [];
    ackLatencies = [];
    published = acknowledged = refused = 0;
    firstRefusal = undefined;
    startedAt = performance.now();
    publishing = true;
    if (plan.eventsPerSecond > 0) publishSteadily();
  } else if (request.kind === "pause") {
    publishing = false;
  } else {
    return { figures: await figures(request.alsoExpected) };
  }
  if (failure !== undefined) throw new Error(failure);
  return {};
}

async function open(index: number): Promise<RawWebSocket> {
  const isV2 = plan.protocol === "v2";
  const url = plan.url.replace(/^http/, "ws");
  const clientId = `healthy-${crypto.randomUUID().slice(0, 8)}-${index}`;
  const query = isV2 ? { clientId } : { clientId, channels: [plan.channel] };
  const subscribed = Promise.withResolvers<void>();
  const socket = await RawWebSocket.open(telemetryUrl(url, query), {
    headers: { "X-API-Key": plan.apiKey },
    ...(isV2 ? { protocols: ["telemetry.v2"] } : {}),
    withinMs: 15_000,
    onText: (text, atMs) => {
      if (text.startsWith('{"type":"ack"')) subscribed.resolve();
      else receive(text, atMs);
    },
  });
  socket.closed.then(({ code, reason }) => failure ??= `${clientId} ended: ${code} ${reason}`);
  if (isV2) {
    const channels = [plan.channel];
    await socket.send(JSON.stringify({ id: "1", action: "subscribe", channels }));
  }
  await subscribed.promise;
  if (plan.heartbeats) await socket.send(JSON.stringify({ action: "heartbeat" }));
  return socket;
}

/** A frame of v2 may carry several events. */
function receive(text: string, atMs: number): void {
  for (const [, mark] of text.matchAll(/"due:([\d.]+)"/g)) {
    const dueAt = Number(mark) - performance.timeOrigin;
    if (dueAt >= startedAt) latencies.push(atMs - dueAt);
  }
}

/** Open loop: an event is published when it is due, whatever became of the ones before. */
async function publishSteadily(): Promise<void> {
  const everyMillis = 1_000 / plan.eventsPerSecond;
  for (let dueAt = startedAt + everyMillis; publishing; dueAt += everyMillis) {
    await pause(Math.max(0, dueAt - performance.now()));
    if (!publishing) return;
    published += 1;
    if (underWay >= MAX_UNDER_WAY) refuse(`${MAX_UNDER_WAY} are under way`);
    else publish(dueAt);
  }
}

async function publish(dueAt: number): Promise<void> {
  const source = dueMark(performance.timeOrigin + dueAt);
  const data = { symbol: SYMBOL, price: "1.5", source, isSnapshot: false };
  underWay += 1;
  try {
    const response = await fetch(`${plan.url}/api/v1/telemetry/events`, {
      method: "POST",
      headers: { "X-API-Key": plan.apiKey, "Content-Type": "application/json" },
      body: JSON.stringify({ channel: "market-data", data }),
      signal: AbortSignal.timeout(ACK_MILLIS),
    });
    const text = await response.text();
    if (response.status === 202) acknowledged += 1;
    else refuse(`${response.status} ${text.slice(0, 200)}`);
    ackLatencies.push(performance.now() - dueAt);
  } catch (error) {
    refuse(String(error));
  } finally {
    underWay -= 1;
  }
}

function refuse(reason: string): void {
  refused += 1;
  firstRefusal ??= reason;
}

async function figures(alsoExpected: number): Promise<Omit<HealthyFigures, "phase">> {
  await waitUntil("all are answered", () => underWay, (count) => count === 0, {
    withinMs: ACK_MILLIS + 1_000,
  });
  const expected = () => (acknowledged + alsoExpected) * clients.length;
  await waitUntil("all are delivered", () => latencies.length, (count) => count >= expected(), {
    withinMs: SETTLE_MILLIS,
  }).catch(() => {}); // what is missing is a figure, not a failure
  if (failure !== undefined) throw new Error(failure);
  const rounded = (value: number) => Number(value.toFixed(1));
  return {
    published,
    refused,
    ...(firstRefusal === undefined ? {} : { firstRefusal }),
    missing: Math.max(0, expected() - latencies.length),
    p50: rounded(percentile(latencies, 0.5)),
    p99: rounded(percentile(latencies, 0.99)),
    max: rounded(percentile(latencies, 1)),
    ackP99: rounded(percentile(ackLatencies, 0.99)),
  };
}
