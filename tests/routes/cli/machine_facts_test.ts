import assert from "node:assert/strict";
import {
  formatFacts,
  machineFacts,
  parseFacts,
  readMachineFacts,
} from "../../../routes/cli/machine_facts.ts";

/** Files by path; any other cannot be read. */
const filesOf = (files: Record<string, string>) => (path: string) =>
  files[path] ?? assert.fail(`no permission for ${path}`);

const BOOT_ID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

function proc(soft: string): Record<string, string> {
  return {
    "/proc/sys/kernel/random/boot_id": `${BOOT_ID}\n`,
    "/proc/self/limits":
      `Max processes 1 2 processes\nMax open files            ${soft}     20000    files\n`,
  };
}

Deno.test("the facts are read from /proc; what cannot be read is left out", () => {
  const read = (soft: string) => readMachineFacts(filesOf(proc(soft)));
  assert.deepEqual(read("1024"), { bootId: BOOT_ID, fileDescriptorLimit: 1_024 });
  assert.deepEqual(read("unlimited"), { bootId: BOOT_ID });
  assert.deepEqual(read("9999999999"), { bootId: BOOT_ID, fileDescriptorLimit: 1_073_741_824 });
  assert.deepEqual(readMachineFacts(filesOf({})), {});
});

Deno.test("the line of the helper carries the facts, and holds nothing that a shell would split", () => {
  for (const facts of [{ bootId: BOOT_ID, fileDescriptorLimit: 7 }, { bootId: BOOT_ID }, {}]) {
    const line = formatFacts(facts);
    assert.match(line, /^[\w=,-]+$/);
    assert.deepEqual(parseFacts(line), facts);
  }
});

Deno.test("a line that makes no sense gives no facts", () => {
  for (const line of ["x", "bootId=a b", "fileDescriptorLimit=-1", "fileDescriptorLimit=1e3,=,"]) {
    assert.deepEqual(parseFacts(line), {}, line);
  }
});

Deno.test("the variable goes before /proc, and an empty one counts as unset", () => {
  const files = filesOf(proc("5"));
  assert.deepEqual(machineFacts("bootId=b-1,fileDescriptorLimit=0", files), { bootId: "b-1" });
  assert.equal(machineFacts("", files).fileDescriptorLimit, 5);
  assert.equal(machineFacts(undefined, files).bootId, BOOT_ID);
});

Deno.test({
  name: "the helper prints the facts of this machine",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const args = ["run", "-A", "routes/cli/machine_facts.ts"];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    const { bootId, fileDescriptorLimit = 0 } = parseFacts(new TextDecoder().decode(stdout));
    assert.equal(bootId, Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim());
    assert.ok(fileDescriptorLimit > 0);
  },
});
