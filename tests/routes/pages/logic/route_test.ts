import assert from "node:assert/strict";
import { parseRoute } from "../../../../routes/pages/logic/route.ts";
import { symbolPath, traderPath } from "../../../../routes/pages/logic/addresses.ts";
import { VIEW_PATHS } from "../../../../routes/pages/paths.ts";

const at = (path: string) => parseRoute(new URL(path, "http://localhost:8080"));

Deno.test("every view has an address of its own, and an unknown address is the floor", () => {
  for (const [view, path] of Object.entries(VIEW_PATHS)) assert.equal(at(path).view, view);
  for (const path of ["/nowhere", "/positions2", "/floor"]) assert.equal(at(path).view, "floor");
});

Deno.test("an address names an item, a filter and a sort", () => {
  const { view, item, query } = at("/market/BTC%2FUSDT?filter=a%20b&sort=-price");
  assert.deepEqual([view, item], ["market", "BTC/USDT"]);
  assert.equal(query.get("filter"), "a b");
  assert.equal(query.get("sort"), "-price");
  assert.equal(at("/market/").item, undefined);
});

Deno.test("an address that nobody can decode is taken as it stands", () => {
  assert.equal(at("/market/%E0%A4%A").item, "%E0%A4%A");
});

Deno.test("what rows lead to is read as it was written", () => {
  for (const text of ["BTC/USDT", "100 %", "a&b=c#d?"]) {
    assert.equal(at(symbolPath(text)).item, text);
    assert.equal(at(traderPath(text)).query.get("filter"), text);
  }
});
