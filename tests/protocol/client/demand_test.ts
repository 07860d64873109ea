/**
 * One subscription for several wishes, and the filter of each.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { EventFilter } from "../../../actors/stream/event_filter.ts";
import { admits, type Demand, mergeDemands } from "../../../protocol/client/demand.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { Filter } from "../../../protocol/v2/client_message.ts";

const text = fc.constantFrom("a", "A", "b", "B", "c");
const severity = fc.constantFrom("INFO" as const, "WARNING" as const, "CRITICAL" as const);
const list = fc.array(text, { minLength: 1, maxLength: 3 });
const filter = fc.record({ symbols: list, traderIds: list, minSeverity: severity }, {
  requiredKeys: [],
});
const demand: fc.Arbitrary<Demand> = fc.record({
  filter,
  intervalMs: fc.constantFrom(0, 250, 1_000),
  conflate: fc.boolean(),
}, { requiredKeys: [] });
const data = fc.record({
  id: text,
  symbol: text,
  traderId: text,
  severity: fc.oneof(severity, fc.constant("ODD")),
}, { requiredKeys: ["id"] });
const channel = fc.constantFrom(...CHANNELS);

Deno.test("property: a client asks a filter exactly as the gateway does", () => {
  fc.assert(fc.property(filter, channel, data, fc.boolean(), (filter, channel, data, removed) => {
    const { fields, filterFields } = PRODUCT_CHANNELS.get(channel);
    // Payloads have the fields of their channel and no others.
    const payload = Object.fromEntries(Object.entries(data).filter(([name]) => fields.has(name)));
    const event = removed ? { id: data.id, removed: true } : payload;
    const stored = {
      channel,
      data: JSON.stringify(event),
      ...(removed && { ends: "removed" as const }),
    };
    const gateway = new EventFilter(filter as Filter, filterFields).admits({ stored } as never);
    assert.equal(admits(filter, channel, event), gateway);
  }));
});

Deno.test("property: what they want together is valid, and lets through what each of them wants", () => {
  fc.assert(
    fc.property(
      fc.array(demand, { minLength: 1, maxLength: 4 }),
      channel,
      data,
      (demands, channel, data) => {
        const merged = mergeDemands(demands);
        Filter.parse(merged.filter ?? {});
        for (const { filter, intervalMs = 0, conflate = false } of demands) {
          if (admits(filter, channel, data)) assert.ok(admits(merged.filter, channel, data));
          assert.ok((merged.intervalMs ?? 0) <= intervalMs);
          assert.ok(conflate || merged.conflate !== true);
        }
      },
    ),
  );
});

Deno.test("a list that would be too long for the gateway is left out", () => {
  const values = (from: number) => Array.from({ length: 200 }, (_, index) => `s${from + index}`);
  const demands = [0, 200].map((from) => ({ filter: { symbols: values(from) } }));
  assert.deepEqual(mergeDemands(demands), {});
  assert.equal(mergeDemands([demands[0]!, demands[0]!]).filter!.symbols!.length, 200);
});
