// deno-lint-ignore-file no-console -- printing what it believes is what it is for
/**
 * A client as one writes it in an afternoon: it subscribes, believes what comes, and reconnects after
 * a second, whatever happened. The conformance check has to find what it does wrong.
 *
 * @module
 */

const print = (line: object) => console.log(JSON.stringify(line));
const table: Record<string, string> = {};

function connect(): void {
  const socket = new WebSocket(Deno.env.get("GATEWAY")!, ["telemetry.v2"]);
  socket.onopen = () => {
    const channels = [{ name: "positions", snapshot: true }, "risk-alerts"];
    socket.send(JSON.stringify({ id: "1", action: "subscribe", channels }));
  };
  socket.onmessage = ({ data }) => {
    const { channel, events = [] } = JSON.parse(data);
    for (const { seq, data: { id, currentPrice, status } } of events) {
      if (channel === "risk-alerts") print({ log: seq });
      else if (status === "CLOSED") delete table[id];
      else table[id] = currentPrice;
    }
    if (channel === "positions") print({ table });
  };
  socket.onerror = (event) => event.preventDefault();
  socket.onclose = () => setTimeout(connect, 1_000);
}

addEventListener("error", (event) => event.preventDefault());
connect();
