// deno-lint-ignore-file no-console -- a script; its output is what it is for
/**
 * One client of a running gateway, as a browser would be: connects with a key in a subprotocol,
 * subscribes to market data, publishes one event and sees it come. Exits with 0 then, with 1 and
 * the reason otherwise.
 *
 * It imports nothing and runs on every Deno from 2.4:
 * `deno run --allow-net --allow-env=TELEMETRY_API_KEY tests/smoke/client.ts http://127.0.0.1:8080`
 *
 * @module
 */

/** Patience with the whole conversation, in ms. */
const DEADLINE_MS = 15_000;

/** The subprotocol that carries a key: base64url without padding. */
function keyProtocol(key: string): string {
  const base64 = btoa(key).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return `telemetry.key.${base64}`;
}

/** Publishes one price. */
async function publish(base: URL, key: string, symbol: string): Promise<void> {
  const data = { symbol, price: "101.50", source: "smoke", isSnapshot: false };
  const answer = await fetch(new URL("/api/v1/telemetry/events", base), {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": key },
    body: JSON.stringify({ channel: "market-data", data }),
  });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`publishing was answered ${answer.status}: ${text}`);
}

/** Resolves when the event published after the subscription has come. */
function converse(base: URL, key: string): Promise<void> {
  const symbol = `SMOKE${Date.now()}`;
  const url = new URL("/ws/telemetry?clientId=smoke", base);
  url.protocol = base.protocol.replace("http", "ws");
  const socket = new WebSocket(url, ["telemetry.v1", keyProtocol(key)]);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Error(`no event after ${DEADLINE_MS} ms`)),
    DEADLINE_MS,
  );
  socket.onerror = () => reject(new Error("the connection failed"));
  socket.onclose = ({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`));
  socket.onmessage = ({ data: text }) => {
    const { type, channel, data } = JSON.parse(text);
    if (type === "welcome") {
      console.log(`connected with subprotocol ${socket.protocol}`);
      socket.send(JSON.stringify({ action: "subscribe", channels: ["market-data"] }));
    } else if (type === "ack" && channel === "subscription") {
      console.log("subscribed");
      publish(base, key, symbol).catch(reject);
    } else if (type === "event" && data.symbol === symbol) {
      console.log(`received ${data.symbol} at ${data.price}`);
      resolve();
    } else if (type === "error") {
      reject(new Error(`the gateway answered ${text}`));
    }
  };
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

const [address] = Deno.args;
const key = Deno.env.get("TELEMETRY_API_KEY");
if (address === undefined || key === undefined) {
  console.error("usage: TELEMETRY_API_KEY=… client.ts http://host:port");
  Deno.exit(2);
}
try {
  await converse(new URL(address), key);
  console.log("smoke: ok");
  Deno.exit(0);
} catch (error) {
  console.error(`smoke: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
