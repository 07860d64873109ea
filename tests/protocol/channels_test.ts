import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Channel,
  ChannelName,
  CHANNELS,
  LANES,
  parseChannel,
  selectChannels,
} from "../../protocol/channels.ts";

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
    assert.equal(parseChannel(name), channel);
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
  fc.assert(fc.property(anyCase, ({ channel, written }) => parseChannel(written) === channel));
});

Deno.test("other names mean no channel", () => {
  const others = ["", " ", "weather", "risk", "alerts", "positionss", "market data", "marketdata"];
  // Names of what every object inherits are no names of channels.
  const inherited = ["constructor", "__proto__", "toString", "hasOwnProperty"];
  for (const name of [...others, ...inherited]) assert.equal(parseChannel(name), undefined, name);
});

Deno.test("any text is either a channel or unknown, and nothing throws", () => {
  fc.assert(fc.property(fc.string(), (name) => {
    const { known, unknown } = selectChannels([name]);
    return known.length + unknown.length === 1;
  }));
});

Deno.test("a selection keeps the order asked for, drops repeats, and echoes unknown names", () => {
  const names = ["Market.Data", "weather", "position", "market-data", "POSITIONS", "Tides"];
  assert.deepEqual(selectChannels(names), {
    known: ["market-data", "positions"],
    unknown: ["weather", "Tides"],
  });
});

Deno.test("alerts and warnings are lossless, states are keyed, prices are sampled", () => {
  assert.deepEqual(LANES, {
    "risk-alerts": "lossless",
    "system-warnings": "lossless",
    "trader-status": "keyed",
    "positions": "keyed",
    "market-data": "sampled",
  });
});

Deno.test("channels are served lossless first, then keyed, then sampled", () => {
  const order = ["lossless", "keyed", "sampled"];
  const ranks = CHANNELS.map((channel) => order.indexOf(LANES[channel]));
  assert.deepEqual(ranks, [...ranks].sort());
});

Deno.test("the schema of a channel name resolves aliases and lists the channels otherwise", () => {
  assert.equal(ChannelName.parse("Trader.Status"), "trader-status");
  const result = ChannelName.safeParse("weather");
  assert.equal(result.success, false);
  for (const channel of CHANNELS) {
    assert.ok(result.error?.issues[0]?.message.includes(channel), channel);
  }
});
