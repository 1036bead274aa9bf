/** Whether a daemon was ever at a socket: the same as `_shared/reach.py`, where it is explained. */

import { basename, dirname } from "node:path";

/** How long a call waits for a daemon that this client has never seen. */
export const UNREACHED_MS = 1500;
const NOBODY = new Set(["ENOENT", "ENOTDIR", "ECONNREFUSED"]);

/** Nobody is at a control socket, and this client has never seen anybody there. */
export class NoDaemon extends Error {
  /** What the system said. */
  readonly code: string;

  constructor(path: string, code: string) {
    super(
      `no daemon answers at ${path} (${code}): start it with \`penholder up\`;` +
        " `penholder doctor` says more",
    );
    this.name = "NoDaemon";
    this.code = code;
  }
}

/** One socket, as one client over all its connections knows it. */
export class Reach {
  readonly path: string;
  wasReached = false;

  constructor(path: string) {
    this.path = path;
  }

  /** What a failed attempt to connect means. */
  failed(failure: unknown): unknown {
    const { code } = (failure ?? {}) as { code?: unknown };
    const isNobody = typeof code === "string" && NOBODY.has(code);
    if (!isNobody || this.wasReached || isWorker(this.path)) return failure;
    return new NoDaemon(this.path, code);
  }
}

/** Tell whether a path is that of a worker's socket: a daemon has all of them in `workers`. */
export function isWorker(path: string): boolean {
  return basename(dirname(path)) === "workers";
}
