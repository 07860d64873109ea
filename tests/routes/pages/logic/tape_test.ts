import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import {
  MAX_TAPE_EVENTS,
  type NewTapeEvent,
  summarize,
  Tape,
  tapeCsv,
  tapeJson,
} from "../../../../routes/pages/logic/tape.ts";

function event(seq: number, data: Record<string, unknown>, channel = "market-data"): NewTapeEvent {
  return { channel: channel as "market-data", seq, timestamp: 1_769_860_802_000, data };
}

/** The events as they are on a tape. */
function taped(...events: NewTapeEvent[]) {
  const tape = new Tape();
  tape.add(events);
  return [...tape.events.values()];
}

Deno.test("the tape is bounded, the oldest leave, and a copy stays as it is", () => {
  const tape = new Tape();
  tape.add([event(1, { id: "a" })]);
  const copy = tape.copy();
  for (let seq = 2; seq <= MAX_TAPE_EVENTS + 1; seq += 1) tape.add([event(seq, { id: "a" })]);
  assert.equal(tape.events.size, MAX_TAPE_EVENTS);
  assert.equal(tape.count, MAX_TAPE_EVENTS + 1);
  assert.equal([...tape.events.values()][0]!.seq, 2);
  assert.deepEqual([...copy.values()].map(({ seq }) => seq), [1]);
});

const SUMMARIES:
  readonly (readonly [channel: string, data: Record<string, unknown>, text: string])[] = [
    ["market-data", { symbol: "BTCUSDT", price: "64250.10", source: "s" }, "BTCUSDT 64,250.10, s"],
    [
      "trader-status",
      { name: "Atlas", status: "RUNNING", reason: "signal" },
      "Atlas RUNNING, signal",
    ],
    [
      "positions",
      {
        symbol: "BTCUSDT",
        action: "LONG",
        quantity: "0.25",
        currentPrice: "9690.50",
        unrealizedPnL: "-2.125",
        status: "OPEN",
      },
      "BTCUSDT LONG 0.25 at 9,690.50, OPEN, unrealized −2.125",
    ],
    [
      "positions",
      {
        symbol: "X",
        action: "SHORT",
        quantity: "1",
        currentPrice: "2",
        realizedPnL: "3.50",
        status: "CLOSED",
      },
      "X SHORT 1 at 2, CLOSED, realized 3.50",
    ],
    [
      "risk-alerts",
      { severity: "CRITICAL", message: "loss", status: "ACTIVE" },
      "CRITICAL loss, ACTIVE",
    ],
    ["system-warnings", { severity: "INFO", code: "C", message: "m" }, "INFO C: m"],
    ["positions", { id: "p", removed: true }, "p removed"],
    ["positions", { missing: 12 }, "12 events are not on the tape"],
  ];

for (const [channel, data, text] of SUMMARIES) {
  Deno.test(`an event of ${channel} reads: ${text}`, () => {
    assert.equal(summarize(taped(event(1, data, channel))[0]!), text);
  });
}

Deno.test("events are copied as the JSON that the gateway sent", () => {
  const data = { id: "a", symbol: "a", price: "1.50", source: "s" };
  assert.deepEqual(JSON.parse(tapeJson(taped(event(7, data)))), [
    { channel: "market-data", seq: 7, timestamp: 1_769_860_802_000, data },
  ]);
});

Deno.test("what is copied as CSV is read back as it was, commas, quotes and lines included", () => {
  const data = { id: 'a "b", c', symbol: "x\ny", price: "1.50", source: "s" };
  const [line] = parse(tapeCsv(taped(event(7, data))), { columns: true }) as [
    Record<string, string>,
  ];
  assert.equal(line["time"], "2026-01-31T12:00:02.000Z");
  assert.equal(line["seq"], "7");
  assert.equal(line["id"], data.id);
  assert.deepEqual(JSON.parse(line["data"]!), data);
});

Deno.test("no field of the CSV is a formula for a spreadsheet", () => {
  for (const id of ["=1+1", "+1", "-1", "@x", "\tx"]) {
    const [line] = parse(tapeCsv(taped(event(1, { id, symbol: id }))), { columns: true }) as [
      Record<string, string>,
    ];
    assert.equal(line["id"], `'${id}`);
    assert.ok(line["summary"]!.startsWith("'"));
  }
});
