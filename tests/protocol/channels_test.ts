import assert from "node:assert/strict";
import fc from "fast-check";
import { ChannelSet, PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { type Channel, CHANNEL_SPECS, CHANNELS } from "../../protocol/channels.ts";

/** The wire names, and every other spelling that deployed clients really send. */
const SPELLINGS: Readonly<Record<Channel, readonly string[]>> = {
  "risk-alerts": ["risk-alerts", "risk.alerts", "risk_alerts", "risk-alert", "risk.alert"],
  "system-warnings": ["system-warnings", "system.warnings", "system-warning", "system.warning"],
  "trader-status": ["trader-status", "trader.status", "trader_status"],
  "positions": ["positions", "position"],
  "market-data": ["market-data", "market.data", "market_data"],
};

const SPELLED = Object.entries(SPELLINGS).flatMap(([channel, names]) =>
  names.map((name) => [name, channel] as const)
);

for (const [name, channel] of SPELLED) {
  Deno.test(`"${name}" means ${channel}`, () => {
    assert.equal(PRODUCT_CHANNELS.parse(name), channel);
  });
}

Deno.test("there are exactly the five channels of the contract", () => {
  assert.deepEqual([...CHANNELS].sort(), Object.keys(SPELLINGS).sort());
});

Deno.test("the case of a channel name and blanks around it do not matter", () => {
  const anyCase = fc.constantFrom(...SPELLED).chain(([name, channel]) =>
    fc.tuple(
      fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }),
      fc.constantFrom("", " ", "\t"),
    ).map(([upper, blank]) => ({
      channel,
      written: blank + [...name].map((c, i) => upper[i] ? c.toUpperCase() : c).join("") + blank,
    }))
  );
  fc.assert(
    fc.property(anyCase, ({ channel, written }) => PRODUCT_CHANNELS.parse(written) === channel),
  );
});

Deno.test("other names mean no channel", () => {
  const others = ["", " ", "weather", "risk", "alerts", "positionss", "market data", "marketdata"];
  // Names of what every object inherits are no names of channels.
  const inherited = ["constructor", "__proto__", "toString", "hasOwnProperty"];
  for (const name of [...others, ...inherited]) {
    assert.equal(PRODUCT_CHANNELS.parse(name), undefined, name);
  }
});

Deno.test("any text is either a channel or unknown, and nothing throws", () => {
  fc.assert(fc.property(fc.string(), (name) => {
    const { known, unknown } = PRODUCT_CHANNELS.select([name]);
    return known.length + unknown.length === 1;
  }));
});

Deno.test("a selection keeps the order asked for, drops repeats, and echoes unknown names", () => {
  const names = ["Market.Data", "weather", "position", "market-data", "POSITIONS", "Tides"];
  assert.deepEqual(PRODUCT_CHANNELS.select(names), {
    known: ["market-data", "positions"],
    unknown: ["weather", "Tides"],
  });
});

Deno.test("alerts and warnings are lossless, states and prices are conflated", () => {
  const lanes = CHANNELS.map((channel) => [channel, PRODUCT_CHANNELS.get(channel).lane]);
  assert.deepEqual(Object.fromEntries(lanes), {
    "risk-alerts": "lossless",
    "system-warnings": "lossless",
    "trader-status": "conflated",
    "positions": "conflated",
    "market-data": "conflated",
  });
});

const PRICES = CHANNEL_SPECS["market-data"];

Deno.test("channels are served lossless lanes first, whatever the order of their specs", () => {
  const { "market-data": _, ...others } = CHANNEL_SPECS;
  const { names } = new ChannelSet({ "market-data": PRICES, ...others });
  assert.deepEqual(names, [
    "risk-alerts",
    "system-warnings",
    "market-data",
    "trader-status",
    "positions",
  ]);
  assert.deepEqual(PRODUCT_CHANNELS.names, CHANNELS);
});

Deno.test("a set refuses names that cannot stand in paths, tables and JSON as they are", () => {
  for (
    const name of ["", "Orders", "my orders", "a.b", "a_b", "-a", "a--b", 'a"', "x".repeat(65)]
  ) {
    assert.throws(() => new ChannelSet({ ...CHANNEL_SPECS, [name]: PRICES }), /name of a channel/);
  }
});

Deno.test("a set refuses two channels with the same spelling, and more than one of alerts", () => {
  const same = { ...PRICES, aliases: ["position"] };
  assert.throws(() => new ChannelSet({ ...CHANNEL_SPECS, prices: same }), /same spelling/);
  const taken = { ...PRICES, aliases: ["positions"] };
  assert.throws(() => new ChannelSet({ ...CHANNEL_SPECS, prices: taken }), /same spelling/);
  const alerts = { ...PRICES, alerts: true } as const;
  assert.throws(() => new ChannelSet({ ...CHANNEL_SPECS, prices: alerts }), /exactly one/);
});

Deno.test("the schema of a channel name resolves aliases and lists the channels otherwise", () => {
  assert.equal(PRODUCT_CHANNELS.anySpelling().parse("Trader.Status"), "trader-status");
  const result = PRODUCT_CHANNELS.anySpelling().safeParse("weather");
  assert.equal(result.success, false);
  for (const channel of CHANNELS) {
    assert.ok(result.error?.issues[0]?.message.includes(channel), channel);
  }
});
