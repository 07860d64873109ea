import assert from "node:assert/strict";
import {
  type Certificate,
  CertificateError,
  type CertificateSource,
} from "../../../routes/tls/certificate.ts";
import { CertificateReload, POLL_MILLIS } from "../../../routes/tls/certificate_reload.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { TestClock } from "../../support/test_clock.ts";

const FIRST: Certificate = { cert: "first cert", key: "first key" };
const SECOND: Certificate = { cert: "second cert", key: "second key" };

/** Files in memory; their stamp is their content. */
class Files implements CertificateSource {
  content: Certificate = FIRST;
  fault: Error | undefined;
  reads = 0;

  read(): Promise<Certificate> {
    this.reads += 1;
    return this.fault === undefined ? Promise.resolve(this.content) : Promise.reject(this.fault);
  }

  stamp(): Promise<string> {
    return Promise.resolve(`${this.content.cert} ${this.content.key} ${this.fault?.message}`);
  }
}

async function setUp() {
  const clock = new TestClock();
  const log = new RecordingLogger();
  const source = new Files();
  const applied: Certificate[] = [];
  const state = { refuses: false };
  const apply = (certificate: Certificate) => {
    if (state.refuses) throw new CertificateError("the key does not belong to the certificate");
    applied.push(certificate);
  };
  const stamp = await source.stamp();
  const reload = new CertificateReload({ clock, log, source, apply }, FIRST, stamp);
  const pass = async (polls: number) => {
    for (let i = 0; i < polls; i++) await clock.advanceAsync(POLL_MILLIS);
  };
  return { clock, log, source, applied, state, reload, pass };
}

Deno.test("files that stay as they are are not read again", async () => {
  const { source, applied, reload, pass } = await setUp();
  await pass(10);
  assert.equal(source.reads, 0);
  assert.deepEqual(applied, []);
  reload.stop();
});

Deno.test("a renewed pair is used once both files have settled", async () => {
  const { source, applied, reload, pass } = await setUp();
  source.content = { ...FIRST, cert: SECOND.cert };
  await pass(1);
  source.content = SECOND;
  await pass(1);
  assert.equal(source.reads, 0, "the files were still changing");
  await pass(1);
  assert.deepEqual(applied, [SECOND]);
  await pass(10);
  assert.equal(source.reads, 1);
  reload.stop();
});

Deno.test("a pair that cannot be used is one error, and the next one that can be is used", async () => {
  const { log, source, applied, state, reload, pass } = await setUp();
  state.refuses = true;
  source.content = { ...FIRST, cert: SECOND.cert };
  await pass(10);
  const errors = log.lines.filter(({ level }) => level === "error");
  assert.equal(errors.length, 1);
  assert.match(String(errors[0]!.properties["reason"]), /does not belong/);
  assert.equal(reload.failures, 1);
  state.refuses = false;
  source.content = SECOND;
  await pass(2);
  assert.deepEqual(applied, [SECOND]);
  reload.stop();
});

Deno.test("files that go away change nothing until they are back", async () => {
  const { source, applied, reload, pass } = await setUp();
  source.fault = new CertificateError("server.tlsCert: a cannot be read");
  await pass(5);
  assert.equal(reload.failures, 1);
  source.fault = undefined;
  await pass(5);
  assert.deepEqual(applied, [], "it is the one in use");
  reload.stop();
});

Deno.test("SIGHUP reads at once, and says so when nothing has changed", async () => {
  const { log, source, applied, reload } = await setUp();
  await reload.reload();
  assert.equal(log.lines.at(-1)!.message, "TLS certificate read again; it is the same");
  source.content = SECOND;
  await reload.reload();
  assert.deepEqual(applied, [SECOND]);
  reload.stop();
});

Deno.test("once stopped it looks no more, and no key is ever logged", async () => {
  const { clock, log, source, reload, pass } = await setUp();
  source.content = SECOND;
  await pass(3);
  reload.stop();
  await pass(1);
  assert.equal(clock.pendingTimers, 0);
  assert.doesNotMatch(JSON.stringify(log.lines), /first key|second key/);
});
