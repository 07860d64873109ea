/**
 * Publishes from many connections with many batches outstanding each, and looks what is acknowledged
 * compared with one batch each. A script of its own:
 *
 *     deno run -A tests/chaos/publisher_flood.ts [--publishers 20] [--outstanding 60] [--seconds 10]
 *       [--events 500] [--http]
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { attackerHeaders, price, type Target, underAttack } from "./attack.ts";
import { conclude } from "./process_facts.ts";

const { values } = parseArgs({
  options: {
    publishers: { type: "string", default: "20" },
    outstanding: { type: "string", default: "60" },
    seconds: { type: "string", default: "10" },
    events: { type: "string", default: "500" },
    http: { type: "boolean", default: false },
  },
});
const publishers = Number(values.publishers);
const perBatch = Number(values.events);
const batch = Array.from({ length: perBatch }, (_, index) => price(index)).join(",");

interface Count {
  acknowledged: number;
  refused: number;
}

/** Keeps batches outstanding on one socket. */
async function floodSocket(target: Target, outstanding: number, until: number, count: Count) {
  const url = `ws://127.0.0.1:${target.port}/ws/collector?apiKey=${target.key}`;
  const socket = new WebSocket(url);
  let id = 0;
  const send = () => {
    if (performance.now() < until) {
      socket.send(`{"id":"${++id}","action":"publish","events":[${batch}]}`);
    }
  };
  const over = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    if (data.startsWith('{"type":"welcome"')) {
      for (let index = 0; index < outstanding; index++) send();
    } else if (data.startsWith('{"type":"ack"')) {
      if (performance.now() < until) count.acknowledged += perBatch;
      send();
    } else if (data.startsWith('{"type":"error"')) {
      count.refused++;
      send();
    }
  };
  socket.onclose = () => over.resolve();
  const timer = setTimeout(() => socket.close(), until - performance.now());
  await over.promise;
  clearTimeout(timer);
}

/** Keeps requests outstanding, each on a connection of its own. */
async function floodHttp({ url }: Target, outstanding: number, until: number, count: Count) {
  await Promise.all(Array.from({ length: outstanding }, async () => {
    while (performance.now() < until) {
      const init = { method: "POST", headers: attackerHeaders(), body: `[${batch}]` };
      const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
      await answer.text();
      if (answer.status !== 202) count.refused++;
      else if (performance.now() < until) count.acknowledged += perBatch;
    }
  }));
}

async function flood(outstanding: number): Promise<Count> {
  console.log(`\n${publishers} publishers with ${outstanding} outstanding batches each`);
  const count = { acknowledged: 0, refused: 0 };
  await underAttack(async (target) => {
    const until = performance.now() + Number(values.seconds) * 1_000;
    const run = values.http ? floodHttp : floodSocket;
    await Promise.all(
      Array.from({ length: publishers }, () => run(target, outstanding, until, count)),
    );
    return [`acknowledged ${count.acknowledged} events, ${count.refused} batches refused`];
  });
  return count;
}

const one = await flood(1);
const many = await flood(Number(values.outstanding));
const share = Math.round((100 * many.acknowledged) / one.acknowledged);
conclude([{ what: `acknowledged ${share} % of one batch each`, holds: share >= 80 }], console.log);
