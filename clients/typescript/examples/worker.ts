/**
 * A worker in TypeScript: it takes its seat, works, asks before it deletes, and says goodbye.
 *
 *     npm run build && PENHOLDER_SOCKET=…/workers/w_1.sock node dist/examples/worker.js
 */

import { type Approval, Client } from "../src/client.js";

const FILES = ["notes.txt", "old.log", "older.log"];
const WAIT_MS = 10_000;

async function main(): Promise<void> {
  const path = process.argv[2] ?? process.env["PENHOLDER_SOCKET"];
  if (path === undefined) throw new Error("PENHOLDER_SOCKET names the socket of the worker");
  const client = await Client.connect(path);
  try {
    await client.runtime.attach();
    await client.worker.transition({ to: "running" });
    await work(client);
    await client.worker.transition({ to: "idle" });
    await client.runtime.detach({ state: "stopped" });
  } finally {
    client.close();
  }
}

/** Look at some files and delete them if that is allowed. */
async function work(client: Client): Promise<void> {
  for (const name of FILES) await client.event.append({ type: "file.seen", data: { name } });
  const { decision } = await ask(client, `May I delete ${FILES.length} files?`);
  await client.event.append({ type: "work.done", data: { deleted: decision === "allow" } });
}

/** Ask and wait for the answer, with a sign of life as long as there is none. */
async function ask(client: Client, message: string): Promise<Approval> {
  let asked = await client.approval.request({ message, kind: "file.delete" });
  while (asked.state === "pending") {
    await client.worker.heartbeat();
    asked = await client.approval.wait({ request_id: asked.request_id, timeout_ms: WAIT_MS });
  }
  return asked;
}

await main();
