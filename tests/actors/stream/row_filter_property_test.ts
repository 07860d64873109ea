import assert from "node:assert/strict";
import fc from "fast-check";
import { RowFilter } from "../../../actors/stream/row_filter.ts";
import {
  type Act,
  bodyOf,
  ClientV1,
  ClientV2,
  MINE,
  OwnHistory,
  WATCHED,
  World,
} from "../../support/row_history.ts";

/** Histories tried; `FAST_CHECK_RUNS` in the environment asks for another number. */
const RUNS = Number(Deno.env.get("FAST_CHECK_RUNS") ?? 150);

type Step =
  | { readonly step: "publish"; readonly act: Act }
  | { readonly step: "pass"; readonly ms: number }
  | { readonly step: "reconnect" | "leave" | "stall" | "drain" | "restart" };

const trader = fc.constantFrom(MINE, "41", "43");
const key = fc.constantFrom("p1", "p2", "p3");
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constant("status" as const), trader }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("retire" as const), trader }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant("open" as const), trader, key }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("close" as const), trader, key }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("remove" as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("alert" as const),
      trader: fc.option(trader, { nil: undefined }),
      key: fc.constantFrom("a1", "a2", "a3", "a4", "a5"),
    }),
  },
);

/** Histories with what happens to clients in between. */
const history = (others: readonly Step["step"][]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: act.map((act) => ({ step: "publish" as const, act })) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(10, 60, 400).map((ms) => ({ step: "pass" as const, ms })),
      },
      { weight: 2, arbitrary: fc.constantFrom(...others).map((step) => ({ step } as Step)) },
    ),
    { minLength: 1, maxLength: 60, size: "max" },
  );

/** A world with the clients that watch it. */
class Watched {
  readonly v1 = new ClientV1();
  readonly v2: Readonly<Record<"resuming" | "fresh" | "conflated", ClientV2>> = {
    resuming: new ClientV2(false, true),
    fresh: new ClientV2(false, false),
    conflated: new ClientV2(true, true),
  };
  readonly world: World;
  readonly #waits: boolean;

  /** @param waits Whether clients leave only when they have what was sent. */
  constructor(world: World, waits: boolean) {
    this.world = world;
    this.#waits = waits;
    this.each((client) => client.connect(world));
  }

  each(act: (client: ClientV1 | ClientV2) => void): void {
    for (const client of [this.v1, ...Object.values(this.v2)]) act(client);
  }

  async take(step: Exclude<Step, { step: "publish" }>): Promise<void> {
    if (step.step === "pass") await this.world.clock.advanceAsync(step.ms);
    // A batch that waits for its tick is lost with its connection, whatever it is made of.
    if (this.#waits) await this.world.clock.advanceAsync(100);
    if (step.step === "stall") this.each((client) => client.stall(true));
    if (step.step === "drain") this.each((client) => client.stall(false));
    if (step.step === "leave" || step.step === "restart") {
      this.each((client) => client.disconnect());
    }
    if (step.step === "restart") await this.world.restart();
    if (step.step === "reconnect" || step.step === "restart") {
      this.each((client) => client.connect(this.world));
      await this.world.clock.advanceAsync(0);
    }
  }

  /** Lets everything arrive, and closes the books. */
  async finish(): Promise<void> {
    this.each((client) => client.stall(false));
    for (let tick = 0; tick < 40; tick++) await this.world.clock.advanceAsync(100);
    this.each((client) => client.disconnect());
    this.each((client) => client.connect(this.world));
    for (let tick = 0; tick < 40; tick++) await this.world.clock.advanceAsync(100);
    this.each((client) => client.disconnect());
    this.world.gateway.hub.stop();
  }
}

/** Runs a history on both worlds. */
async function run(
  steps: readonly Step[],
  { ring, replayLimit, waits }: { ring: number; replayLimit: number; waits: boolean },
) {
  const limited = new Watched(new World(true, ring, replayLimit), waits);
  const own = new Watched(new World(false, ring, replayLimit), waits);
  const reduced = new OwnHistory();
  for (const [n, step] of steps.entries()) {
    if (step.step !== "publish") {
      await limited.take(step);
      await own.take(step);
      continue;
    }
    await limited.world.publish(bodyOf(step.act, n));
    const remains = reduced.reduce(step.act);
    if (remains !== undefined) await own.world.publish(bodyOf(remains, n));
  }
  await limited.finish();
  await own.finish();
  return { limited, own };
}

async function assertSameRest(limited: Watched, own: Watched): Promise<void> {
  const filter = new RowFilter(new Set([MINE]), false);
  for (const channel of WATCHED) {
    for (const limit of [1, 3, 1_000]) {
      const seen = await limited.world.rest(channel, limit, filter);
      const expected = await own.world.rest(channel, limit);
      assert.deepEqual(seen.snapshot, expected.snapshot, `${channel}: snapshot over REST`);
      assert.deepEqual(seen.pages.flat(), expected.pages.flat(), `${channel}: history over REST`);
      const short = seen.pages.slice(0, -1).filter(({ length }) => length < limit);
      assert.deepEqual(short, [], `${channel}: pages before the last are full`);
    }
    const nobody = await limited.world.rest(channel, 1_000, new RowFilter(new Set(), false));
    assert.deepEqual(nobody, { snapshot: [], pages: [[]] }, `${channel}: nobody's rows`);
  }
}

Deno.test("property: the holder of a trader sees what the history without the others would show", async () => {
  const steps = history(["reconnect", "leave", "restart"]);
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (steps, replayLimit) => {
      const { limited, own } = await run(steps, { ring: 1_000, replayLimit, waits: true });
      assert.deepEqual(limited.v1.seen, own.v1.seen, "v1");
      for (const name of ["resuming", "fresh"] as const) {
        assert.deepEqual(limited.v2[name].seen, own.v2[name].seen, `v2, ${name}`);
      }
      assert.deepEqual(limited.v2.conflated.tables, own.v2.conflated.tables, "v2, conflated");
      await assertSameRest(limited, own);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("property: the same with readers that stall, and a ring that they fall out of", async () => {
  const steps = history(["reconnect", "leave", "stall", "stall", "drain", "restart"]);
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 2, max: 6 }), async (steps, ring) => {
      const { limited, own } = await run(steps, { ring, replayLimit: 3, waits: false });
      for (const channel of ["positions", "trader-status"] as const) {
        for (const name of ["resuming", "fresh", "conflated"] as const) {
          const seen = limited.v2[name].tables.get(channel);
          assert.deepEqual(seen, own.v2[name].tables.get(channel), `v2, ${name}, ${channel}`);
        }
        const last = own.v1.latest(channel);
        assert.deepEqual(limited.v1.latest(channel), last, `v1, ${channel}`);
      }
      // Whose ring holds less is conflated sooner, and may end with an earlier event.
      for (const [index, { last, sum }] of limited.v1.accounted.entries()) {
        const expected = own.v1.accounted[index]!;
        if (last === expected.last) assert.equal(sum, expected.sum, "v1: events and meta.skipped");
      }
      assert.deepEqual(limited.v2.resuming.alerts, own.v2.resuming.alerts, "v2, every alert");
      await assertSameRest(limited, own);
    }),
    { numRuns: RUNS },
  );
});
